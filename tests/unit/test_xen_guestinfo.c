/* What agents write into xenstore becomes the guest's information. */
#include "hv/xen/guestinfo.h"

#include <string.h>

/* Pairs of path and value, NULL-terminated. */
static char *read_pair(void *user, const char *path)
{
    const char *const *pairs = user;
    for (unsigned i = 0; pairs[i]; i += 2) {
        if (g_str_equal(pairs[i], path)) {
            return strdup(pairs[i + 1]);
        }
    }
    return NULL;
}

static const char *find(char **list, const char *name)
{
    for (unsigned i = 0; list && list[i]; i += 2) {
        if (g_str_equal(list[i], name)) {
            return list[i + 1];
        }
    }
    return NULL;
}

static void test_utilities(void)
{
    static const char *const pairs[] = {"attr/PVAddons/Installed",
                                        "1",
                                        "attr/PVAddons/MajorVersion",
                                        "6",
                                        "attr/PVAddons/MinorVersion",
                                        "2",
                                        "attr/PVAddons/MicroVersion",
                                        "0",
                                        "attr/PVAddons/BuildVersion",
                                        "70446",
                                        "attr/eth0/ip",
                                        "192.168.1.7",
                                        "attr/eth0/ipv6/0/addr",
                                        "fe80::1",
                                        "attr/eth0/ipv6/1/addr",
                                        "2001:db8::1",
                                        "data/os_name",
                                        "CentOS release 6.4 (Final)",
                                        "data/os_distro",
                                        "centos",
                                        "data/os_majorver",
                                        "6",
                                        "data/os_minorver",
                                        "4",
                                        "data/os_uname",
                                        "2.6.32",
                                        "data/meminfo_total",
                                        "500000",
                                        "data/meminfo_free",
                                        "200000",
                                        "data/updated",
                                        "Thu Nov 26",
                                        "control/feature-balloon",
                                        "1",
                                        NULL};
    g_auto(HvGuestInfo) info = {0};
    xen_guestinfo_read(read_pair, (void *)pairs, 4, &info);
    g_assert_true(info.alive);
    g_assert_cmpstr(info.agent_version, ==, "6.2.0-70446");
    g_assert_cmpstr(find(info.os_version, "distro"), ==, "centos");
    g_assert_cmpstr(find(info.os_version, "major"), ==, "6");
    g_assert_cmpstr(find(info.os_version, "uname"), ==, "2.6.32");
    g_assert_cmpstr(find(info.networks, "0/ip"), ==, "192.168.1.7");
    g_assert_cmpstr(find(info.networks, "0/ipv6/1"), ==, "2001:db8::1");
    g_assert_null(find(info.networks, "1/ip"));
    g_assert_cmpstr(find(info.memory, "total"), ==, "500000");
    g_assert_cmpstr(find(info.other, "feature-balloon"), ==, "1");
}

static void test_newer_names(void)
{
    static const char *const pairs[] = {"data/updated",
                                        "1",
                                        "data/host_name",
                                        "guest7",
                                        "attr/vif/1/ipv4/0",
                                        "10.0.0.1",
                                        "attr/vif/1/ipv4/1",
                                        "10.0.0.2",
                                        "attr/vif/1/ipv6/0",
                                        "fe80::2",
                                        NULL};
    g_auto(HvGuestInfo) info = {0};
    xen_guestinfo_read(read_pair, (void *)pairs, 4, &info);
    g_assert_true(info.alive);
    g_assert_null(info.agent_version);
    g_assert_cmpstr(info.hostname, ==, "guest7");
    g_assert_cmpstr(find(info.networks, "1/ip"), ==, "10.0.0.1");
    g_assert_cmpstr(find(info.networks, "1/ipv4/1"), ==, "10.0.0.2");
    g_assert_cmpstr(find(info.networks, "1/ipv6/0"), ==, "fe80::2");
}

/* A guest may write anything. */
static void test_nonsense(void)
{
    g_autofree char *lengthy = g_strnfill(XEN_GUEST_MAX_TEXT + 1, 'x');
    const char *const pairs[] = {"data/os_name",
                                 lengthy,
                                 "data/os_distro",
                                 "\xff\xfe",
                                 "data/os_uname",
                                 "",
                                 "attr/eth0/ip",
                                 "1.2.3",
                                 "attr/vif/1/ipv4/0",
                                 "fe80::1",
                                 "data/updated",
                                 "",
                                 "data/host_name",
                                 "a\x01"
                                 "b",
                                 NULL};
    g_auto(HvGuestInfo) info = {0};
    xen_guestinfo_read(read_pair, (void *)pairs, 4, &info);
    g_assert_false(info.alive);
    g_assert_null(info.os_version[0]);
    g_assert_null(info.networks[0]);
    g_assert_null(info.hostname);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xen_guestinfo/utilities", test_utilities);
    g_test_add_func("/xen_guestinfo/newer_names", test_newer_names);
    g_test_add_func("/xen_guestinfo/nonsense", test_nonsense);
    return g_test_run();
}
