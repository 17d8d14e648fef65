/* network/bridge: what the kernel is asked for when a bond is made. Kernels of tests may have none.
 */
#include "network/bridge/link_bond.h"

#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <netlink/msg.h>

static const char *const members[] = {"eth0", "eth1", NULL};

static NwBond bond_of(NwBondMode mode, bool hash_ports)
{
    return (NwBond){.name = "bond0",
                    .mac = "02:00:00:00:00:0a",
                    .mode = mode,
                    .hash_ports = hash_ports,
                    .members = members};
}

static void check_request(NwBondMode mode, bool hash_ports, uint8_t kernel_mode, int policy)
{
    const NwBond bond = bond_of(mode, hash_ports);
    struct nl_msg *message = link_bond_request(&bond);
    struct nlattr *links[IFLA_MAX + 1], *infos[IFLA_INFO_MAX + 1], *settings[IFLA_BOND_MAX + 1];
    g_assert_cmpint(
        nlmsg_parse(nlmsg_hdr(message), sizeof(struct ifinfomsg), links, IFLA_MAX, NULL), ==, 0);
    g_assert_cmpstr(nla_get_string(links[IFLA_IFNAME]), ==, "bond0");
    g_assert_cmpmem(nla_data(links[IFLA_ADDRESS]), nla_len(links[IFLA_ADDRESS]), "\x02\0\0\0\0\x0a",
                    6);
    g_assert_cmpint(nla_parse_nested(infos, IFLA_INFO_MAX, links[IFLA_LINKINFO], NULL), ==, 0);
    g_assert_cmpstr(nla_get_string(infos[IFLA_INFO_KIND]), ==, "bond");
    g_assert_cmpint(nla_parse_nested(settings, IFLA_BOND_MAX, infos[IFLA_INFO_DATA], NULL), ==, 0);
    g_assert_cmpuint(nla_get_u8(settings[IFLA_BOND_MODE]), ==, kernel_mode);
    g_assert_cmpuint(nla_get_u32(settings[IFLA_BOND_MIIMON]), ==, 100);
    g_assert_cmpuint(nla_get_u32(settings[IFLA_BOND_DOWNDELAY]), ==, 200);
    g_assert_cmpuint(nla_get_u32(settings[IFLA_BOND_UPDELAY]), ==, 31000);
    if (policy >= 0) {
        g_assert_cmpuint(nla_get_u8(settings[IFLA_BOND_XMIT_HASH_POLICY]), ==, policy);
    } else {
        g_assert_null(settings[IFLA_BOND_XMIT_HASH_POLICY]);
    }
    nlmsg_free(message);
}

static void test_requests(void)
{
    check_request(NW_BOND_BACKUP, true, BOND_MODE_ACTIVEBACKUP, -1);
    check_request(NW_BOND_LACP, true, BOND_MODE_8023AD, BOND_XMIT_POLICY_LAYER34);
    check_request(NW_BOND_LACP, false, BOND_MODE_8023AD, 5);
    check_request(NW_BOND_SLB, true, BOND_MODE_XOR, 5);
}

static void test_rules(void)
{
    const NwBond slb = bond_of(NW_BOND_SLB, false), lacp = bond_of(NW_BOND_LACP, false);
    g_autofree char *some = link_bond_format_rules(&slb), *none = link_bond_format_rules(&lacp);
    g_assert_nonnull(strstr(some, "hook egress device \"bond0\""));
    g_assert_nonnull(strstr(some, "add rule netdev bond0 in_eth1 ether saddr @senders drop\n"));
    g_assert_cmpstr(none, ==, "add table netdev bond0\ndelete table netdev bond0\n");
}

static void test_names(void)
{
    const char *const bad[] = {"eth0\" }", NULL};
    NwBond bond = bond_of(NW_BOND_SLB, false);
    g_assert_true(nw_check_bond(&bond, NULL));
    bond.members = bad;
    g_assert_false(nw_check_bond(&bond, NULL));
    bond = bond_of(NW_BOND_SLB, false);
    bond.mac = "";
    g_assert_false(nw_check_bond(&bond, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link-bond/requests", test_requests);
    g_test_add_func("/link-bond/rules", test_rules);
    g_test_add_func("/link-bond/names", test_names);
    return g_test_run();
}
