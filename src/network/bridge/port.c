/* The order of steps: a policy that lets less through holds before the frames flow, one that lets
 * more through afterwards. */
#include "network/bridge/port.h"

#include "base/fd.h"
#include "network/bridge/port_rate.h"
#include "network/bridge/tap.h"

static bool apply(NetlinkSocket *nl, PortFilter *filter, Op *op, NetlinkLink *tap,
                  const NwPort *port, Err **err);
static bool join(NetlinkSocket *nl, NetlinkLink *tap, const NwPort *port, Err **err);

int port_open(NetlinkSocket *nl, PortFilter *filter, Op *op, const NwPort *port, Err **err)
{
    auto_fd fd = tap_open(port->name, err);
    g_autoptr(NetlinkLink) tap = fd >= 0 ? netlink_get(nl, port->name, err) : NULL;
    NetlinkChange change = {.mac = TAP_MAC, .master = NETLINK_SAME_MASTER};
    return tap && netlink_change(nl, tap, &change, err) && apply(nl, filter, op, tap, port, err)
               ? fd_steal(&fd)
               : -1;
}

bool port_change(NetlinkSocket *nl, PortFilter *filter, Op *op, const NwPort *port, Err **err)
{
    g_autoptr(NetlinkLink) tap = NULL;
    if (!netlink_find(nl, port->name, &tap, err)) {
        return false;
    }
    return !tap || (tap_check(tap, err) && apply(nl, filter, op, tap, port, err));
}

bool port_delete(NetlinkSocket *nl, PortFilter *filter, Op *op, const char *name, Err **err)
{
    g_autoptr(NetlinkLink) tap = NULL;
    if (!netlink_find(nl, name, &tap, err)) {
        return false;
    }
    return (!tap || tap_is_xen(tap) || (tap_check(tap, err) && netlink_delete(nl, tap, err))) &&
           port_rate_drop(nl, name, err) && port_filter_unlock(filter, op, name, err);
}

static bool apply(NetlinkSocket *nl, PortFilter *filter, Op *op, NetlinkLink *tap,
                  const NwPort *port, Err **err)
{
    const NwPolicy *policy = &port->policy;
    if (policy->locking == NW_LOCKED) {
        return port_filter_lock(filter, op, port, err) &&
               port_rate_set(nl, tap, policy->rate, err) && join(nl, tap, port, err);
    }
    return port_rate_set(nl, tap, policy->rate, err) && join(nl, tap, port, err) &&
           port_filter_unlock(filter, op, port->name, err);
}

/* A tap that is down neither gives nor takes frames. */
static bool join(NetlinkSocket *nl, NetlinkLink *tap, const NwPort *port, Err **err)
{
    g_autoptr(NetlinkLink) bridge = netlink_get_bridge(nl, port->bridge, err);
    if (!bridge) {
        return false;
    }
    bool disabled = port->policy.locking == NW_DISABLED;
    NetlinkChange change = {
        .up = !disabled,
        .down = disabled,
        .mtu = port->mtu,
        .master = rtnl_link_get_ifindex(bridge),
    };
    return netlink_change(nl, tap, &change, err);
}
