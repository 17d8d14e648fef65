/* Addresses and default routes through libnl. */
#include "network/bridge/own_address.h"

#include "base/fd.h"
#include "network/bridge/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>

static bool drop_others(NetlinkSocket *nl, NetlinkLink *bridge, int family,
                        const struct nl_addr *kept, Err **err);
static bool add_default(NetlinkSocket *nl, NetlinkLink *bridge, const NwIp *ip, Err **err);
static bool drop_defaults(NetlinkSocket *nl, NetlinkLink *bridge, int family, Err **err);
static bool is_default_through(struct rtnl_route *route, int index);

bool own_address_set(NetlinkSocket *nl, NetlinkLink *bridge, const NwIp *ip, Err **err)
{
    struct nl_addr *kept = NULL;
    int code = nl_addr_parse(ip->address, ip->family, &kept);
    if (code < 0) {
        return netlink_fail(err, code, "'%s' is no address", ip->address);
    }
    /* Twice: with a first address the kernel may delete the others of its network. */
    bool ok = uplink_add_address(nl, bridge, ip->family, ip->address, ip->prefix, err) &&
              drop_others(nl, bridge, ip->family, kept, err) &&
              uplink_add_address(nl, bridge, ip->family, ip->address, ip->prefix, err);
    nl_addr_put(kept);
    return ok && (ip->gateway ? add_default(nl, bridge, ip, err)
                              : drop_defaults(nl, bridge, ip->family, err));
}

bool own_address_clear(NetlinkSocket *nl, NetlinkLink *bridge, int family, Err **err)
{
    return drop_defaults(nl, bridge, family, err) && drop_others(nl, bridge, family, NULL, err);
}

bool own_address_autoconf(const char *bridge, bool follow, Err **err)
{
    static const char *const switches[] = {"accept_ra", "autoconf"};
    for (size_t i = 0; i < G_N_ELEMENTS(switches); i++) {
        g_autofree char *path =
            g_strdup_printf("/proc/sys/net/ipv6/conf/%s/%s", bridge, switches[i]);
        auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, follow ? "1" : "0", 1) != 1) {
            return err_errno(err, errno, "cannot write %s", path);
        }
    }
    return true;
}

static bool drop_others(NetlinkSocket *nl, NetlinkLink *bridge, int family,
                        const struct nl_addr *kept, Err **err)
{
    NetlinkCache *listed = NULL;
    int code = rtnl_addr_alloc_cache(nl, &listed);
    if (code < 0) {
        return netlink_fail(err, code, "cannot list the addresses");
    }
    g_autoptr(NetlinkCache) addresses = listed;
    for (struct nl_object *object = nl_cache_get_first(addresses); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        const struct nl_addr *local = rtnl_addr_get_local(address);
        bool ours = rtnl_addr_get_ifindex(address) == rtnl_link_get_ifindex(bridge) &&
                    rtnl_addr_get_family(address) == family &&
                    (family == AF_INET || rtnl_addr_get_scope(address) != RT_SCOPE_LINK);
        bool is_kept = kept && nl_addr_get_len(local) == nl_addr_get_len(kept) &&
                       memcmp(nl_addr_get_binary_addr(local), nl_addr_get_binary_addr(kept),
                              nl_addr_get_len(kept)) == 0;
        code = ours && !is_kept ? rtnl_addr_delete(nl, address, 0) : 0;
        if (code < 0 && code != -NLE_NOADDR) {
            return netlink_fail(err, code, "cannot take an address from %s",
                                rtnl_link_get_name(bridge));
        }
    }
    return true;
}

static bool add_default(NetlinkSocket *nl, NetlinkLink *bridge, const NwIp *ip, Err **err)
{
    struct nl_addr *all = NULL, *gateway = NULL;
    struct rtnl_route *route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    int code = nl_addr_parse("default", ip->family, &all);
    code = code >= 0 ? nl_addr_parse(ip->gateway, ip->family, &gateway) : code;
    code = code >= 0 ? rtnl_route_set_family(route, (uint8_t)ip->family) : code;
    code = code >= 0 ? rtnl_route_set_dst(route, all) : code;
    if (code >= 0) {
        rtnl_route_nh_set_ifindex(hop, rtnl_link_get_ifindex(bridge));
        rtnl_route_nh_set_gateway(hop, gateway);
        rtnl_route_add_nexthop(route, hop); /* takes it over */
        code = rtnl_route_add(nl, route, NLM_F_CREATE | NLM_F_REPLACE);
    } else {
        rtnl_route_nh_free(hop);
    }
    rtnl_route_put(route);
    nl_addr_put(all);
    nl_addr_put(gateway);
    return code >= 0 || netlink_fail(err, code, "cannot use the gateway %s through %s", ip->gateway,
                                     rtnl_link_get_name(bridge));
}

static bool drop_defaults(NetlinkSocket *nl, NetlinkLink *bridge, int family, Err **err)
{
    NetlinkCache *listed = NULL;
    int code = rtnl_route_alloc_cache(nl, family, 0, &listed);
    if (code < 0) {
        return netlink_fail(err, code, "cannot list the routes");
    }
    g_autoptr(NetlinkCache) routes = listed;
    for (struct nl_object *object = nl_cache_get_first(routes); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_route *route = (struct rtnl_route *)object;
        code = is_default_through(route, rtnl_link_get_ifindex(bridge))
                   ? rtnl_route_delete(nl, route, 0)
                   : 0;
        if (code < 0 && code != -NLE_OBJ_NOTFOUND) {
            return netlink_fail(err, code, "cannot take the default route from %s",
                                rtnl_link_get_name(bridge));
        }
    }
    return true;
}

static bool is_default_through(struct rtnl_route *route, int index)
{
    return rtnl_route_get_table(route) == RT_TABLE_MAIN && rtnl_route_get_nnexthops(route) == 1 &&
           nl_addr_get_prefixlen(rtnl_route_get_dst(route)) == 0 &&
           rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, 0)) == index;
}
