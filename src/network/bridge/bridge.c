/* The network driver for Linux bridges: its table, its hooks, and the order of their steps.
 *
 * The kernel keeps all state; what is here runs to the end at once or can be done again.  Only
 * DHCP servers, which take several steps to change, are handled by one thread at a time. */
#include "base/fd.h"
#include "base/turn.h"
#include "network/bridge/ethtool.h"
#include "network/bridge/interfaces.h"
#include "network/bridge/link_bond.h"
#include "network/bridge/link_vlan.h"
#include "network/bridge/link_watch.h"
#include "network/bridge/netlink.h"
#include "network/bridge/own_address.h"
#include "network/bridge/port.h"
#include "network/bridge/uplink.h"
#include "network/dhcp/dhcp_client.h"
#include "network/dhcp/dhcp_server.h"
#include "network/nw.h"

enum { COUNTERS_LIMIT = 4 * 1024 * 1024 }; /* a line of 140 bytes for each interface */

struct Nw {
    Turn dhcp;
    PortFilter filter;
};

static Nw *bridge_open(const char *run_dir, Err **err);
static void bridge_close(Nw *nw);
static GArray *bridge_interfaces(Nw *nw, Err **err);
static GArray *bridge_counters(Nw *nw, Err **err);
static int bridge_watch_open(Nw *nw, Err **err);
static bool bridge_watch_read(Nw *nw, int fd);
static bool bridge_set_receive_offload(Nw *nw, Op *op, const char *name, bool on, Err **err);
static bool bridge_create(Nw *nw, Op *op, const NwBridge *bridge, Err **err);
static bool bridge_attach_uplink(NetlinkSocket *nl, NetlinkLink *link, const NwBridge *bridge,
                                 Err **err);
static bool bridge_destroy(Nw *nw, Op *op, const char *name, Err **err);
static bool bridge_exists(Nw *nw, const char *name);
static bool bridge_vlan_create(Nw *nw, Op *op, const char *name, const char *parent, unsigned tag,
                               Err **err);
static bool bridge_vlan_delete(Nw *nw, Op *op, const char *name, Err **err);
static bool bridge_bond_create(Nw *nw, Op *op, const NwBond *bond, Err **err);
static bool bridge_bond_delete(Nw *nw, Op *op, const char *name, const char *heir, Err **err);
static bool bridge_port_attach(Nw *nw, Op *op, const NwPort *port, int *ret_tap_fd, Err **err);
static bool bridge_port_change(Nw *nw, Op *op, const NwPort *port, Err **err);
static bool bridge_port_detach(Nw *nw, Op *op, const char *name, Err **err);
static bool bridge_ip_configure(Nw *nw, Op *op, const NwIp *ip, Err **err);
static bool configure_ipv4(NetlinkSocket *nl, Op *op, NetlinkLink *link, const NwIp *ip, Err **err);
static bool configure_ipv6(NetlinkSocket *nl, NetlinkLink *link, const NwIp *ip, Err **err);
static bool bridge_dhcp_start(Nw *nw, Op *op, const NwDhcp *dhcp, Err **err);
static bool bridge_dhcp_stop(Nw *nw, Op *op, const char *bridge, const char *state_dir, Err **err);
static char *bridge_dhcp_lease(Nw *nw, const char *state_dir, const char *mac, Err **err);

const NwDriver nw_bridge_driver = {
    .name = "bridge",
    .open = bridge_open,
    .close = bridge_close,
    .interfaces = bridge_interfaces,
    .counters = bridge_counters,
    .watch_open = bridge_watch_open,
    .watch_read = bridge_watch_read,
    .set_receive_offload = bridge_set_receive_offload,
    .bridge_create = bridge_create,
    .bridge_destroy = bridge_destroy,
    .bridge_exists = bridge_exists,
    .vlan_create = bridge_vlan_create,
    .vlan_delete = bridge_vlan_delete,
    .bond_create = bridge_bond_create,
    .bond_delete = bridge_bond_delete,
    .port_attach = bridge_port_attach,
    .port_change = bridge_port_change,
    .port_detach = bridge_port_detach,
    .ip_configure = bridge_ip_configure,
    .dhcp_start = bridge_dhcp_start,
    .dhcp_stop = bridge_dhcp_stop,
    .dhcp_lease = bridge_dhcp_lease,
};

static Nw *bridge_open(const char *run_dir, Err **err)
{
    (void)run_dir;
    (void)err;
    Nw *nw = g_new0(Nw, 1);
    turn_init(&nw->dhcp, LOCK_NETWORK);
    port_filter_init(&nw->filter);
    return nw;
}

static void bridge_close(Nw *nw)
{
    turn_clear(&nw->dhcp);
    port_filter_clear(&nw->filter);
    g_free(nw);
}

static GArray *bridge_interfaces(Nw *nw, Err **err)
{
    (void)nw;
    return interfaces_list(err);
}

static GArray *bridge_counters(Nw *nw, Err **err)
{
    (void)nw;
    g_autofree char *text = fd_read_file("/proc/net/dev", COUNTERS_LIMIT, NULL, err);
    return text ? nw_counters_parse(text) : NULL;
}

static int bridge_watch_open(Nw *nw, Err **err)
{
    (void)nw;
    return link_watch_open(err);
}

static bool bridge_watch_read(Nw *nw, int fd)
{
    (void)nw;
    return link_watch_read(fd);
}

static bool bridge_set_receive_offload(Nw *nw, Op *op, const char *name, bool on, Err **err)
{
    (void)nw;
    return op_check(op, err) && ethtool_set_receive_offload(name, on, err);
}

static bool bridge_create(Nw *nw, Op *op, const NwBridge *bridge, Err **err)
{
    (void)nw;
    if (!op_check(op, err) || !nw_check_name(bridge->name, err)) {
        return false;
    }
    g_autoptr(NetlinkSocket) nl = netlink_open(err);
    if (!nl || !netlink_add_bridge(nl, bridge->name, err)) {
        return false;
    }
    g_autoptr(NetlinkLink) link = netlink_get_bridge(nl, bridge->name, err);
    NetlinkChange change = {.up = true, .mtu = bridge->mtu, .master = NETLINK_SAME_MASTER};
    return link && netlink_change(nl, link, &change, err) &&
           (!bridge->uplink || bridge_attach_uplink(nl, link, bridge, err));
}

static bool bridge_attach_uplink(NetlinkSocket *nl, NetlinkLink *link, const NwBridge *bridge,
                                 Err **err)
{
    g_autoptr(NetlinkLink) uplink = netlink_get(nl, bridge->uplink, err);
    NetlinkChange change = {.up = true, .mtu = bridge->mtu, .master = NETLINK_SAME_MASTER};
    return uplink && netlink_change(nl, uplink, &change, err) &&
           uplink_join(nl, link, uplink, bridge->move_address, err);
}

static bool bridge_destroy(Nw *nw, Op *op, const char *name, Err **err)
{
    (void)nw;
    g_autoptr(NetlinkSocket) nl = op_check(op, err) ? netlink_open(err) : NULL;
    g_autoptr(NetlinkLink) found = NULL;
    if (!nl || !netlink_find(nl, name, &found, err)) {
        return false;
    }
    if (!found) {
        return true;
    }
    g_autoptr(NetlinkLink) link = netlink_get_bridge(nl, name, err);
    g_autoptr(NetlinkLink) uplink = NULL;
    return link && uplink_find(nl, link, &uplink, err) &&
           (!uplink || uplink_leave(nl, link, uplink, err)) && netlink_delete(nl, link, err);
}

static bool bridge_exists(Nw *nw, const char *name)
{
    (void)nw;
    g_autoptr(NetlinkSocket) nl = netlink_open(NULL);
    g_autoptr(NetlinkLink) link = nl ? netlink_get_bridge(nl, name, NULL) : NULL;
    return link != NULL;
}

static bool bridge_vlan_create(Nw *nw, Op *op, const char *name, const char *parent, unsigned tag,
                               Err **err)
{
    (void)nw;
    g_autoptr(NetlinkSocket) nl =
        op_check(op, err) && nw_check_name(name, err) ? netlink_open(err) : NULL;
    return nl && link_vlan_create(nl, name, parent, tag, err);
}

static bool bridge_vlan_delete(Nw *nw, Op *op, const char *name, Err **err)
{
    (void)nw;
    g_autoptr(NetlinkSocket) nl = op_check(op, err) ? netlink_open(err) : NULL;
    return nl && link_vlan_delete(nl, name, err);
}

static bool bridge_bond_create(Nw *nw, Op *op, const NwBond *bond, Err **err)
{
    (void)nw;
    g_autoptr(NetlinkSocket) nl =
        op_check(op, err) && nw_check_bond(bond, err) ? netlink_open(err) : NULL;
    return nl && link_bond_create(nl, op, bond, err);
}

static bool bridge_bond_delete(Nw *nw, Op *op, const char *name, const char *heir, Err **err)
{
    (void)nw;
    g_autoptr(NetlinkSocket) nl = op_check(op, err) ? netlink_open(err) : NULL;
    return nl && link_bond_delete(nl, op, name, heir, err);
}

static bool bridge_port_attach(Nw *nw, Op *op, const NwPort *port, int *ret_tap_fd, Err **err)
{
    if (!op_check(op, err) || !nw_check_name(port->name, err) ||
        !nw_check_policy(&port->policy, err)) {
        return false;
    }
    g_autoptr(NetlinkSocket) nl = netlink_open(err);
    int fd = nl ? port_open(nl, &nw->filter, op, port, err) : -1;
    if (fd < 0) {
        return false;
    }
    *ret_tap_fd = fd;
    return true;
}

static bool bridge_port_change(Nw *nw, Op *op, const NwPort *port, Err **err)
{
    if (!op_check(op, err) || !nw_check_policy(&port->policy, err)) {
        return false;
    }
    g_autoptr(NetlinkSocket) nl = netlink_open(err);
    return nl && port_change(nl, &nw->filter, op, port, err);
}

static bool bridge_port_detach(Nw *nw, Op *op, const char *name, Err **err)
{
    g_autoptr(NetlinkSocket) nl = op_check(op, err) ? netlink_open(err) : NULL;
    return nl && port_delete(nl, &nw->filter, op, name, err);
}

static bool bridge_ip_configure(Nw *nw, Op *op, const NwIp *ip, Err **err)
{
    (void)nw;
    g_autoptr(NetlinkSocket) nl = op_check(op, err) ? netlink_open(err) : NULL;
    g_autoptr(NetlinkLink) link = nl ? netlink_get_bridge(nl, ip->bridge, err) : NULL;
    return link && (ip->family == AF_INET ? configure_ipv4(nl, op, link, ip, err)
                                          : configure_ipv6(nl, link, ip, err));
}

static bool configure_ipv4(NetlinkSocket *nl, Op *op, NetlinkLink *link, const NwIp *ip, Err **err)
{
    if (ip->mode == NW_IP_DHCP) {
        return dhcp_client_start(op, ip, err);
    }
    return dhcp_client_stop(op, ip->state_dir, err) &&
           (ip->mode == NW_IP_STATIC ? own_address_set(nl, link, ip, err)
                                     : own_address_clear(nl, link, AF_INET, err));
}

static bool configure_ipv6(NetlinkSocket *nl, NetlinkLink *link, const NwIp *ip, Err **err)
{
    return own_address_autoconf(ip->bridge, ip->mode == NW_IP_AUTOCONF, err) &&
           (ip->mode == NW_IP_STATIC ? own_address_set(nl, link, ip, err)
                                     : own_address_clear(nl, link, AF_INET6, err));
}

static bool bridge_dhcp_start(Nw *nw, Op *op, const NwDhcp *dhcp, Err **err)
{
    g_autoptr(NetlinkSocket) nl = netlink_open(err);
    g_autoptr(NetlinkLink) link = nl ? netlink_get_bridge(nl, dhcp->bridge, err) : NULL;
    NetlinkChange change = {.up = true, .master = NETLINK_SAME_MASTER};
    if (!link || !uplink_add_address(nl, link, AF_INET, dhcp->host_ip, dhcp->prefix, err) ||
        !netlink_change(nl, link, &change, err) || !turn_take(&nw->dhcp, op, dhcp, err)) {
        return false;
    }
    g_auto(TurnGuard) guard = &nw->dhcp;
    return dhcp_server_start(op, dhcp, err);
}

static bool bridge_dhcp_stop(Nw *nw, Op *op, const char *bridge, const char *state_dir, Err **err)
{
    (void)bridge;
    if (!turn_take(&nw->dhcp, op, state_dir, err)) {
        return false;
    }
    g_auto(TurnGuard) guard = &nw->dhcp;
    return dhcp_server_stop(op, state_dir, err);
}

static char *bridge_dhcp_lease(Nw *nw, const char *state_dir, const char *mac, Err **err)
{
    (void)nw;
    return dhcp_server_lease(state_dir, mac, err);
}
