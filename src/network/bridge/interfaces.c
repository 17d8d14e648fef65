/* Every interface of this network namespace: links, their first address, their gateway. */
#include "network/bridge/interfaces.h"

#include "network/bridge/ethtool.h"
#include "network/bridge/netlink.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>

typedef struct Tables {
    NetlinkCache *links, *addresses, *routes;
} Tables;

static void clear_tables(Tables *tables);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tables, clear_tables)
static bool read_tables(Tables *tables, Err **err);
static NwInterface describe(const Tables *tables, NetlinkLink *link);
static void find_address(const Tables *tables, int index, NwInterface *interface);
static void find_gateway(const Tables *tables, int index, NwInterface *interface);
static void format_ipv4(const struct nl_addr *address, char text[16]);

GArray *interfaces_list(Err **err)
{
    g_auto(Tables) tables = {0};
    if (!read_tables(&tables, err)) {
        return NULL;
    }
    GArray *interfaces = g_array_new(FALSE, FALSE, sizeof(NwInterface));
    for (struct nl_object *object = nl_cache_get_first(tables.links); object;
         object = nl_cache_get_next(object)) {
        NwInterface interface = describe(&tables, (NetlinkLink *)object);
        g_array_append_val(interfaces, interface);
    }
    return interfaces;
}

static void clear_tables(Tables *tables)
{
    nl_cache_free(tables->links);
    nl_cache_free(tables->addresses);
    nl_cache_free(tables->routes);
}

static bool read_tables(Tables *tables, Err **err)
{
    g_autoptr(NetlinkSocket) nl = netlink_open(err);
    if (!nl) {
        return false;
    }
    tables->links = netlink_list(nl, err);
    if (!tables->links) {
        return false;
    }
    int code = rtnl_addr_alloc_cache(nl, &tables->addresses);
    if (code >= 0) {
        code = rtnl_route_alloc_cache(nl, AF_INET, 0, &tables->routes);
    }
    return code >= 0 || netlink_fail(err, code, "cannot list addresses and routes");
}

static NwInterface describe(const Tables *tables, NetlinkLink *link)
{
    int index = rtnl_link_get_ifindex(link);
    NwInterface interface = {
        .mtu = rtnl_link_get_mtu(link),
        .carrier = rtnl_link_get_carrier(link) != 0,
        .physical = netlink_is_physical(link),
        .is_bridge = netlink_is_kind(link, "bridge"),
        .speed_mbps = -1,
        .rx_bytes = rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES),
        .tx_bytes = rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES),
    };
    g_strlcpy(interface.name, rtnl_link_get_name(link), sizeof interface.name);
    struct nl_addr *mac = rtnl_link_get_addr(link);
    if (mac && nl_addr_get_len(mac) == 6) {
        nl_addr2str(mac, interface.mac, sizeof interface.mac);
    }
    int master = rtnl_link_get_master(link);
    g_autoptr(NetlinkLink) bridge = master ? rtnl_link_get(tables->links, master) : NULL;
    if (bridge) {
        g_strlcpy(interface.master, rtnl_link_get_name(bridge), sizeof interface.master);
    }
    find_address(tables, index, &interface);
    find_gateway(tables, index, &interface);
    if (interface.physical) {
        ethtool_describe(&interface);
    }
    return interface;
}

static void find_address(const Tables *tables, int index, NwInterface *interface)
{
    for (struct nl_object *object = nl_cache_get_first(tables->addresses); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        if (rtnl_addr_get_ifindex(address) == index && rtnl_addr_get_family(address) == AF_INET) {
            format_ipv4(rtnl_addr_get_local(address), interface->ipv4);
            interface->ipv4_prefix = (unsigned)rtnl_addr_get_prefixlen(address);
            return;
        }
    }
}

/* The default route with the lowest metric, as the kernel chooses. */
static void find_gateway(const Tables *tables, int index, NwInterface *interface)
{
    uint32_t best = UINT32_MAX;
    for (struct nl_object *object = nl_cache_get_first(tables->routes); object;
         object = nl_cache_get_next(object)) {
        struct rtnl_route *route = (struct rtnl_route *)object;
        if (rtnl_route_get_table(route) != RT_TABLE_MAIN || rtnl_route_get_nnexthops(route) != 1 ||
            nl_addr_get_prefixlen(rtnl_route_get_dst(route)) != 0 ||
            rtnl_route_get_priority(route) >= best) {
            continue;
        }
        struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
        const struct nl_addr *gateway = rtnl_route_nh_get_gateway(hop);
        if (rtnl_route_nh_get_ifindex(hop) == index && gateway) {
            format_ipv4(gateway, interface->gateway);
            best = rtnl_route_get_priority(route);
        }
    }
}

/* Without the "/prefix" that libnl would add. */
static void format_ipv4(const struct nl_addr *address, char text[16])
{
    if (!inet_ntop(AF_INET, nl_addr_get_binary_addr(address), text, 16)) {
        text[0] = '\0';
    }
}
