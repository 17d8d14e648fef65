/* Bonds through netlink: libnl makes bonds, but has no setters for what they are like. */
#include "network/bridge/link_bond.h"

#include "base/subprocess.h"
#include "network/bridge/uplink.h"

#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <netlink/msg.h>

typedef struct nl_msg NetlinkMessage;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetlinkMessage, nlmsg_free)

/* XenServer's: a link is looked at ten times a second; one that comes back waits until its switch
 * has made up its mind. Milliseconds. */
enum { LINK_CHECK = 100, DOWN_DELAY = 200, UP_DELAY = 31000 };

/* Of <linux/if_bonding.h> since 5.12: by VLAN and source MAC. */
enum { HASH_PORTS = BOND_XMIT_POLICY_LAYER34, HASH_SOURCE = 5 };

static bool put_settings(NetlinkMessage *message, const NwBond *bond);
static bool enslave(NetlinkSocket *nl, NetlinkLink *bond, const char *member, Err **err);
static bool release_members(NetlinkSocket *nl, NetlinkLink *bond, Err **err);
static bool run_rules(Op *op, const char *commands, Err **err);

bool link_bond_create(NetlinkSocket *nl, Op *op, const NwBond *bond, Err **err)
{
    g_autoptr(NetlinkMessage) message = link_bond_request(bond);
    if (!message) {
        return err_internal(err, "cannot build the request for the bond %s", bond->name);
    }
    int code = nl_send_sync(nl, g_steal_pointer(&message));
    if (code < 0 && code != -NLE_EXIST) {
        return netlink_fail(err, code, "cannot make the bond %s", bond->name);
    }
    g_autoptr(NetlinkLink) made = netlink_get(nl, bond->name, err);
    NetlinkChange up = {.up = true, .master = NETLINK_SAME_MASTER};
    if (!made || !netlink_change(nl, made, &up, err)) {
        return false;
    }
    for (const char *const *member = bond->members; *member; member++) {
        if (!enslave(nl, made, *member, err)) {
            return false;
        }
    }
    g_autofree char *rules = link_bond_format_rules(bond);
    return run_rules(op, rules, err);
}

bool link_bond_delete(NetlinkSocket *nl, Op *op, const char *name, const char *heir, Err **err)
{
    g_autoptr(NetlinkLink) bond = NULL, to = NULL;
    if (!netlink_find(nl, name, &bond, err) || !netlink_find(nl, heir, &to, err)) {
        return false;
    }
    if (!bond) {
        return true;
    }
    if (!netlink_is_kind(bond, "bond")) {
        return err_internal(err, "%s is no bond and stays as it is", name);
    }
    g_autofree char *rules =
        g_strdup_printf("add table netdev %s\ndelete table netdev %s\n", name, name);
    return release_members(nl, bond, err) && (!to || uplink_hand_over(nl, bond, to, err)) &&
           netlink_delete(nl, bond, err) && run_rules(op, rules, err);
}

struct nl_msg *link_bond_request(const NwBond *bond)
{
    g_autoptr(NetlinkMessage) message = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    return message && put_settings(message, bond) ? g_steal_pointer(&message) : NULL;
}

/* The switch does not know that the cards belong together: what goes out by one comes back by the
 * others, and bridges would look for its sender outside.  The kernel remembers senders for a while
 * and drops what comes from them. */
char *link_bond_format_rules(const NwBond *bond)
{
    const char *table = bond->name;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "add table netdev %s\ndelete table netdev %s\n", table, table);
    if (bond->mode != NW_BOND_SLB) {
        return g_string_free(text, FALSE);
    }
    g_string_append_printf(text,
                           "add table netdev %s\n"
                           "add set netdev %s senders { type ether_addr ; timeout 5s ; }\n"
                           "add chain netdev %s out "
                           "{ type filter hook egress device \"%s\" priority 0 ; }\n"
                           "add rule netdev %s out update @senders { ether saddr timeout 5s }\n",
                           table, table, table, bond->name, table);
    for (const char *const *member = bond->members; *member; member++) {
        g_string_append_printf(text,
                               "add chain netdev %s in_%s "
                               "{ type filter hook ingress device \"%s\" priority 0 ; }\n"
                               "add rule netdev %s in_%s ether saddr @senders drop\n",
                               table, *member, *member, table, *member);
    }
    return g_string_free(text, FALSE);
}

/* balance-slb is not in Linux's bonding; a fixed card for each source MAC is what it comes to. */
static bool put_settings(NetlinkMessage *message, const NwBond *bond)
{
    static const uint8_t modes[] = {[NW_BOND_SLB] = BOND_MODE_XOR,
                                    [NW_BOND_BACKUP] = BOND_MODE_ACTIVEBACKUP,
                                    [NW_BOND_LACP] = BOND_MODE_8023AD};
    struct ifinfomsg head = {.ifi_family = AF_UNSPEC};
    unsigned char mac[6];
    for (unsigned i = 0; i < sizeof mac; i++) {
        mac[i] = (unsigned char)(g_ascii_xdigit_value(bond->mac[3 * i]) << 4 |
                                 g_ascii_xdigit_value(bond->mac[3 * i + 1]));
    }
    if (nlmsg_append(message, &head, sizeof head, NLMSG_ALIGNTO) < 0 ||
        nla_put_string(message, IFLA_IFNAME, bond->name) < 0 ||
        nla_put(message, IFLA_ADDRESS, sizeof mac, mac) < 0) {
        return false;
    }
    struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
    if (!info || nla_put_string(message, IFLA_INFO_KIND, "bond") < 0) {
        return false;
    }
    struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
    uint8_t hash = bond->mode == NW_BOND_LACP && bond->hash_ports ? HASH_PORTS : HASH_SOURCE;
    if (!data || nla_put_u8(message, IFLA_BOND_MODE, modes[bond->mode]) < 0 ||
        nla_put_u32(message, IFLA_BOND_MIIMON, LINK_CHECK) < 0 ||
        nla_put_u32(message, IFLA_BOND_DOWNDELAY, DOWN_DELAY) < 0 ||
        nla_put_u32(message, IFLA_BOND_UPDELAY, UP_DELAY) < 0 ||
        (bond->mode != NW_BOND_BACKUP &&
         nla_put_u8(message, IFLA_BOND_XMIT_HASH_POLICY, hash) < 0)) {
        return false;
    }
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    return true;
}

/* The kernel takes only cards that are down, which lose their routes: those move first. */
static bool enslave(NetlinkSocket *nl, NetlinkLink *bond, const char *member, Err **err)
{
    g_autoptr(NetlinkLink) card = netlink_get(nl, member, err);
    int index = rtnl_link_get_ifindex(bond);
    if (!card || rtnl_link_get_master(card) == index) {
        return card != NULL;
    }
    NetlinkChange down = {.down = true, .master = NETLINK_SAME_MASTER};
    NetlinkChange join = {.master = index};
    NetlinkChange up = {.up = true, .master = NETLINK_SAME_MASTER};
    return uplink_hand_over(nl, card, bond, err) && netlink_change(nl, card, &down, err) &&
           netlink_change(nl, card, &join, err) && netlink_change(nl, card, &up, err);
}

static bool release_members(NetlinkSocket *nl, NetlinkLink *bond, Err **err)
{
    g_autoptr(NetlinkCache) links = netlink_list(nl, err);
    NetlinkChange leave = {.master = 0}, up = {.up = true, .master = NETLINK_SAME_MASTER};
    for (struct nl_object *object = links ? nl_cache_get_first(links) : NULL; object;
         object = nl_cache_get_next(object)) {
        NetlinkLink *link = (NetlinkLink *)object;
        if (rtnl_link_get_master(link) == rtnl_link_get_ifindex(bond) &&
            (!netlink_change(nl, link, &leave, err) || !netlink_change(nl, link, &up, err))) {
            return false;
        }
    }
    return links != NULL;
}

static bool run_rules(Op *op, const char *commands, Err **err)
{
    const char *argv[] = {"nft", commands, NULL};
    return op_run_ok(op, argv, NULL, err);
}
