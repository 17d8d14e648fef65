/* network/bridge: what the kernel is asked for when a VLAN is made. Kernels of tests may have none.
 */
#include "network/bridge/link_vlan.h"

#include <linux/if_link.h>
#include <netlink/msg.h>

static void test_request(void)
{
    struct nl_msg *message = NULL;
    g_autoptr(NetlinkLink) wanted = link_vlan_describe("eth0.4094", 7, 4094);
    g_assert_cmpint(rtnl_link_build_add_request(wanted, NLM_F_CREATE, &message), ==, 0);
    struct nlattr *links[IFLA_MAX + 1], *infos[IFLA_INFO_MAX + 1], *vlans[IFLA_VLAN_MAX + 1];
    g_assert_cmpint(
        nlmsg_parse(nlmsg_hdr(message), sizeof(struct ifinfomsg), links, IFLA_MAX, NULL), ==, 0);
    g_assert_cmpstr(nla_get_string(links[IFLA_IFNAME]), ==, "eth0.4094");
    g_assert_cmpuint(nla_get_u32(links[IFLA_LINK]), ==, 7);
    g_assert_cmpint(nla_parse_nested(infos, IFLA_INFO_MAX, links[IFLA_LINKINFO], NULL), ==, 0);
    g_assert_cmpstr(nla_get_string(infos[IFLA_INFO_KIND]), ==, "vlan");
    g_assert_cmpint(nla_parse_nested(vlans, IFLA_VLAN_MAX, infos[IFLA_INFO_DATA], NULL), ==, 0);
    g_assert_cmpuint(nla_get_u16(vlans[IFLA_VLAN_ID]), ==, 4094);
    nlmsg_free(message);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link-vlan/request", test_request);
    return g_test_run();
}
