/* A bridge and the network card below it.
 *
 * Addresses are moved so that a crash loses none: they are on both interfaces, and the routes on
 * the new one, before the old one loses anything.  Doing it all again from the start is always
 * right. */
#include "network/bridge/uplink.h"

#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>

static bool copy_addresses(NetlinkSocket *nl, int from, NetlinkLink *to, Err **err);
static bool is_movable(struct rtnl_addr *address, int interface);
static bool move_routes(NetlinkSocket *nl, int from, int to, Err **err);
static bool move_route(NetlinkSocket *nl, struct rtnl_route *route, int to, Err **err);
static bool drop_addresses(NetlinkSocket *nl, int from, Err **err);
static NetlinkCache *list_addresses(NetlinkSocket *nl, Err **err);
static bool take_mac(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink *uplink, Err **err);
static bool set_master(NetlinkSocket *nl, NetlinkLink *link, int master, Err **err);
static void roll_back(NetlinkSocket *nl, int bridge, NetlinkLink *uplink);

bool uplink_join(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink *uplink, bool move_address,
                 Err **err)
{
    int from = rtnl_link_get_ifindex(uplink), to = rtnl_link_get_ifindex(bridge);
    int master = rtnl_link_get_master(uplink);
    if (master != 0 && master != to) {
        return err_internal(err, "%s is a port of another bridge", rtnl_link_get_name(uplink));
    }
    if (!move_address) {
        return take_mac(nl, bridge, uplink, err) && set_master(nl, uplink, to, err);
    }
    if (!take_mac(nl, bridge, uplink, err) || !copy_addresses(nl, from, bridge, err) ||
        !move_routes(nl, from, to, err) || !set_master(nl, uplink, to, err) ||
        !drop_addresses(nl, from, err)) {
        roll_back(nl, to, uplink);
        return false;
    }
    return true;
}

bool uplink_leave(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink *uplink, Err **err)
{
    int from = rtnl_link_get_ifindex(bridge), to = rtnl_link_get_ifindex(uplink);
    return copy_addresses(nl, from, uplink, err) && move_routes(nl, from, to, err) &&
           set_master(nl, uplink, 0, err) && drop_addresses(nl, from, err);
}

bool uplink_find(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink **ret_uplink, Err **err)
{
    int index = rtnl_link_get_ifindex(bridge);
    g_autoptr(NetlinkCache) links = netlink_list(nl, err);
    if (!links) {
        return false;
    }
    NetlinkLink *found = NULL;
    for (struct nl_object *object = nl_cache_get_first(links); object && !found;
         object = nl_cache_get_next(object)) {
        NetlinkLink *link = (NetlinkLink *)object;
        bool guest = netlink_is_kind(link, "tun") || netlink_is_kind(link, "veth");
        if (rtnl_link_get_master(link) == index && (!guest || netlink_is_physical(link))) {
            found = link;
            nl_object_get(object);
        }
    }
    *ret_uplink = found;
    return true;
}

bool uplink_hand_over(NetlinkSocket *nl, NetlinkLink *from, NetlinkLink *to, Err **err)
{
    int source = rtnl_link_get_ifindex(from), target = rtnl_link_get_ifindex(to);
    return copy_addresses(nl, source, to, err) && move_routes(nl, source, target, err) &&
           drop_addresses(nl, source, err);
}

bool uplink_add_address(NetlinkSocket *nl, NetlinkLink *link, int family, const char *address,
                        unsigned prefix, Err **err)
{
    struct nl_addr *local = NULL;
    struct rtnl_addr *wanted = rtnl_addr_alloc();
    int code = nl_addr_parse(address, family, &local);
    if (code >= 0) {
        nl_addr_set_prefixlen(local, (int)prefix);
        rtnl_addr_set_ifindex(wanted, rtnl_link_get_ifindex(link));
        code = rtnl_addr_set_local(wanted, local);
    }
    if (code >= 0) {
        code = rtnl_addr_add(nl, wanted, 0);
    }
    rtnl_addr_put(wanted);
    nl_addr_put(local);
    return code >= 0 || code == -NLE_EXIST ||
           netlink_fail(err, code, "cannot give %s the address %s/%u", rtnl_link_get_name(link),
                        address, prefix);
}

static bool copy_addresses(NetlinkSocket *nl, int from, NetlinkLink *to, Err **err)
{
    g_autoptr(NetlinkCache) addresses = list_addresses(nl, err);
    if (!addresses) {
        return false;
    }
    for (struct nl_object *object = nl_cache_get_first(addresses); object;
         object = nl_cache_get_next(object)) {
        if (!is_movable((struct rtnl_addr *)object, from)) {
            continue;
        }
        struct rtnl_addr *copy = (struct rtnl_addr *)nl_object_clone(object);
        rtnl_addr_set_ifindex(copy, rtnl_link_get_ifindex(to));
        if (rtnl_addr_get_label(copy)) {
            rtnl_addr_set_label(copy, rtnl_link_get_name(to));
        }
        int code = rtnl_addr_add(nl, copy, NLM_F_REPLACE);
        rtnl_addr_put(copy);
        if (code < 0) {
            return netlink_fail(err, code, "cannot take an address over");
        }
    }
    return true;
}

/* The kernel makes link-local addresses by itself, for each interface its own. */
static bool is_movable(struct rtnl_addr *address, int interface)
{
    int family = rtnl_addr_get_family(address);
    return rtnl_addr_get_ifindex(address) == interface &&
           (family == AF_INET ||
            (family == AF_INET6 && rtnl_addr_get_scope(address) != RT_SCOPE_LINK));
}

static bool move_routes(NetlinkSocket *nl, int from, int to, Err **err)
{
    NetlinkCache *listed = NULL;
    int code = rtnl_route_alloc_cache(nl, AF_UNSPEC, 0, &listed);
    if (code < 0) {
        return netlink_fail(err, code, "cannot list the routes");
    }
    g_autoptr(NetlinkCache) routes = listed;
    /* First the networks that are reached directly, then what is behind a gateway in them. */
    for (int with_gateway = 0; with_gateway <= 1; with_gateway++) {
        for (struct nl_object *object = nl_cache_get_first(routes); object;
             object = nl_cache_get_next(object)) {
            struct rtnl_route *route = (struct rtnl_route *)object;
            /* The kernel's own routes come and go with the addresses. */
            if (rtnl_route_get_protocol(route) == RTPROT_KERNEL ||
                rtnl_route_get_table(route) != RT_TABLE_MAIN ||
                rtnl_route_get_nnexthops(route) != 1) {
                continue;
            }
            struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
            bool has_gateway = rtnl_route_nh_get_gateway(hop) != NULL;
            if (rtnl_route_nh_get_ifindex(hop) == from && has_gateway == with_gateway &&
                !move_route(nl, route, to, err)) {
                return false;
            }
        }
    }
    return true;
}

static bool move_route(NetlinkSocket *nl, struct rtnl_route *route, int to, Err **err)
{
    struct rtnl_route *copy = (struct rtnl_route *)nl_object_clone((struct nl_object *)route);
    struct rtnl_nexthop *hop = rtnl_route_nexthop_n(copy, 0);
    rtnl_route_nh_set_ifindex(hop, to);
    /* The kernel tells these of a link without carrier and does not take them back. */
    rtnl_route_unset_flags(copy, RTNH_F_DEAD | RTNH_F_LINKDOWN);
    rtnl_route_nh_unset_flags(hop, RTNH_F_DEAD | RTNH_F_LINKDOWN);
    int code = rtnl_route_add(nl, copy, NLM_F_CREATE | NLM_F_REPLACE);
    rtnl_route_put(copy);
    return code >= 0 || netlink_fail(err, code, "cannot take a route over");
}

static bool drop_addresses(NetlinkSocket *nl, int from, Err **err)
{
    g_autoptr(NetlinkCache) addresses = list_addresses(nl, err);
    if (!addresses) {
        return false;
    }
    for (struct nl_object *object = nl_cache_get_first(addresses); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        if (!is_movable(address, from)) {
            continue;
        }
        int code = rtnl_addr_delete(nl, address, 0);
        /* With a first address the kernel may have deleted the others of its network. */
        if (code < 0 && code != -NLE_NOADDR) {
            return netlink_fail(err, code, "cannot take an address away");
        }
    }
    return true;
}

static NetlinkCache *list_addresses(NetlinkSocket *nl, Err **err)
{
    NetlinkCache *addresses = NULL;
    int code = rtnl_addr_alloc_cache(nl, &addresses);
    if (code < 0) {
        netlink_fail(err, code, "cannot list the addresses");
        return NULL;
    }
    return addresses;
}

/* Neighbours and DHCP servers outside know the host by the address of its card. */
static bool take_mac(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink *uplink, Err **err)
{
    char mac[32];
    nl_addr2str(rtnl_link_get_addr(uplink), mac, sizeof mac);
    NetlinkChange change = {.up = true, .mac = mac, .master = NETLINK_SAME_MASTER};
    return netlink_change(nl, bridge, &change, err);
}

static bool set_master(NetlinkSocket *nl, NetlinkLink *link, int master, Err **err)
{
    NetlinkChange change = {.up = true, .master = master};
    return netlink_change(nl, link, &change, err);
}

/* As far as it goes; what failed first is what the caller hears of. */
static void roll_back(NetlinkSocket *nl, int bridge, NetlinkLink *uplink)
{
    int index = rtnl_link_get_ifindex(uplink);
    set_master(nl, uplink, 0, NULL);
    if (copy_addresses(nl, bridge, uplink, NULL) && move_routes(nl, bridge, index, NULL)) {
        drop_addresses(nl, bridge, NULL);
    }
}
