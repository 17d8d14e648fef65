/* Interfaces by rtnetlink, through libnl; see netlink.h. */
#include "network/bridge/netlink.h"

#include "base/uuid.h"

#include <linux/if_link.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/msg.h>

typedef struct nl_msg NetlinkMessage;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetlinkMessage, nlmsg_free)

/* The smallest that Ethernet has.  A bridge follows the MTU of its ports until somebody changes
 * its own, and setting what it has already is no change. */
#define FIRST_MTU 68

static bool put_bridge(NetlinkMessage *message, const char *name);

NetlinkSocket *netlink_open(Err **err)
{
    g_autoptr(NetlinkSocket) nl = nl_socket_alloc();
    int code = nl ? nl_connect(nl, NETLINK_ROUTE) : -NLE_NOMEM;
    if (code < 0) {
        netlink_fail(err, code, "cannot talk to the kernel about networks");
        return NULL;
    }
    return g_steal_pointer(&nl);
}

bool netlink_fail(Err **err, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *what = g_strdup_vprintf(fmt, args);
    va_end(args);
    return err_internal(err, "%s: %s", what, nl_geterror(code));
}

bool netlink_find(NetlinkSocket *nl, const char *name, NetlinkLink **ret_link, Err **err)
{
    NetlinkLink *link = NULL;
    int code = rtnl_link_get_kernel(nl, 0, name, &link);
    if (code < 0 && code != -NLE_NODEV && code != -NLE_OBJ_NOTFOUND) {
        return netlink_fail(err, code, "cannot look up the interface %s", name);
    }
    *ret_link = code < 0 ? NULL : link;
    return true;
}

NetlinkLink *netlink_get(NetlinkSocket *nl, const char *name, Err **err)
{
    NetlinkLink *link = NULL;
    if (netlink_find(nl, name, &link, err) && !link) {
        err_internal(err, "there is no interface %s", name);
    }
    return link;
}

NetlinkCache *netlink_list(NetlinkSocket *nl, Err **err)
{
    NetlinkCache *links = NULL;
    int code = rtnl_link_alloc_cache(nl, AF_UNSPEC, &links);
    if (code < 0) {
        netlink_fail(err, code, "cannot list the interfaces");
        return NULL;
    }
    return links;
}

NetlinkLink *netlink_get_bridge(NetlinkSocket *nl, const char *name, Err **err)
{
    g_autoptr(NetlinkLink) link = netlink_get(nl, name, err);
    if (link && !netlink_is_kind(link, "bridge")) {
        err_internal(err, "%s is no bridge", name);
        return NULL;
    }
    return g_steal_pointer(&link);
}

bool netlink_is_kind(NetlinkLink *link, const char *kind)
{
    return g_strcmp0(rtnl_link_get_type(link), kind) == 0;
}

bool netlink_is_physical(NetlinkLink *link)
{
    if (rtnl_link_get_arptype(link) != ARPHRD_ETHER) {
        return false;
    }
    const char *name = rtnl_link_get_name(link);
    bool stands_for_card = netlink_is_kind(link, "veth") && g_str_has_prefix(name, "eth") &&
                           g_ascii_isdigit(name[strlen("eth")]);
    return !rtnl_link_get_type(link) || stands_for_card;
}

bool netlink_add_bridge(NetlinkSocket *nl, const char *name, Err **err)
{
    g_autoptr(NetlinkMessage) message = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    if (!message || !put_bridge(message, name)) {
        return err_internal(err, "cannot build the request for the bridge %s", name);
    }
    int code = nl_send_sync(nl, g_steal_pointer(&message));
    return code >= 0 || code == -NLE_EXIST ||
           netlink_fail(err, code, "cannot make the bridge %s", name);
}

bool netlink_add(NetlinkSocket *nl, const char *name, const char *kind, Err **err)
{
    g_autoptr(NetlinkLink) wanted = rtnl_link_alloc();
    rtnl_link_set_name(wanted, name);
    rtnl_link_set_type(wanted, kind);
    int code = rtnl_link_add(nl, wanted, NLM_F_CREATE | NLM_F_EXCL);
    return code >= 0 || code == -NLE_EXIST ||
           netlink_fail(err, code, "cannot make the interface %s of kind %s", name, kind);
}

bool netlink_delete(NetlinkSocket *nl, NetlinkLink *link, Err **err)
{
    int code = rtnl_link_delete(nl, link);
    return code >= 0 || code == -NLE_NODEV || code == -NLE_OBJ_NOTFOUND ||
           netlink_fail(err, code, "cannot delete the interface %s", rtnl_link_get_name(link));
}

bool netlink_change(NetlinkSocket *nl, NetlinkLink *link, const NetlinkChange *change, Err **err)
{
    const char *name = rtnl_link_get_name(link);
    g_autoptr(NetlinkLink) wanted = rtnl_link_alloc();
    if (change->up) {
        rtnl_link_set_flags(wanted, IFF_UP);
    }
    if (change->down) {
        rtnl_link_unset_flags(wanted, IFF_UP);
    }
    if (change->mtu) {
        rtnl_link_set_mtu(wanted, change->mtu);
    }
    if (change->master != NETLINK_SAME_MASTER) {
        rtnl_link_set_master(wanted, change->master);
    }
    if (change->mac) {
        struct nl_addr *mac = NULL;
        int code = nl_addr_parse(change->mac, AF_LLC, &mac);
        if (code < 0) {
            return netlink_fail(err, code, "'%s' is no MAC address", change->mac);
        }
        rtnl_link_set_addr(wanted, mac);
        nl_addr_put(mac);
    }
    int code = rtnl_link_change(nl, link, wanted, 0);
    return code >= 0 || netlink_fail(err, code, "cannot change the interface %s", name);
}

/* libnl has no setters for a bridge's own attributes, so that the message is made by hand. */
static bool put_bridge(NetlinkMessage *message, const char *name)
{
    struct ifinfomsg head = {.ifi_family = AF_UNSPEC};
    /* Given by us, the address stays when ports come and go; the kernel's own would follow the
     * lowest one among them. Locally administered, unicast. */
    Uuid random = uuid_generate();
    unsigned char *mac = random.bytes;
    mac[0] = (unsigned char)((mac[0] & 0xfc) | 0x02);
    if (nlmsg_append(message, &head, sizeof head, NLMSG_ALIGNTO) < 0 ||
        nla_put_string(message, IFLA_IFNAME, name) < 0 ||
        nla_put(message, IFLA_ADDRESS, 6, mac) < 0 ||
        nla_put_u32(message, IFLA_MTU, FIRST_MTU) < 0) {
        return false;
    }
    struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
    if (!info || nla_put_string(message, IFLA_INFO_KIND, "bridge") < 0) {
        return false;
    }
    struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
    if (!data || nla_put_u32(message, IFLA_BR_STP_STATE, 0) < 0 ||
        nla_put_u32(message, IFLA_BR_FORWARD_DELAY, 0) < 0) {
        return false;
    }
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    return true;
}
