/* The texts between us and dnsmasq. */
#include "network/dhcp/dhcp_config.h"

#define LEASES                                                                                     \
    "1700000000 02:00:00:00:00:01 169.254.0.2 guest-1 01:02:00:00:00:00:01\n"                      \
    "0 02:00:00:00:00:02 169.254.0.3 * *\n"                                                        \
    "duid 00:01:00:01:2c\n"                                                                        \
    "1700000000 1234 fd00::2 host 00:01\n"

static const NwDhcp internal = {
    .bridge = "xenapi",
    .host_ip = "169.254.0.1",
    .prefix = 16,
    .first = "169.254.0.2",
    .last = "169.254.255.254",
    .state_dir = "/run/clearwater/dhcp",
};

static bool is_refused(const NwDhcp *dhcp)
{
    g_autoptr(Err) err = NULL;
    g_autofree char *text = dhcp_config_format(dhcp, "nobody", &err);
    g_assert_cmpint(text == NULL, ==, err != NULL);
    return text == NULL;
}

static void test_format(void)
{
    g_autoptr(Err) err = NULL;
    g_autofree char *text = dhcp_config_format(&internal, "dnsmasq", &err);
    g_assert_null(err);
    static const char *const lines[] = {
        "interface=xenapi",
        "bind-interfaces",
        "port=0",
        "dhcp-range=169.254.0.2,169.254.255.254,255.255.0.0,24h",
        "dhcp-leasefile=/run/clearwater/dhcp/dhcp.leases",
        "user=dnsmasq",
    };
    g_auto(GStrv) found = g_strsplit(text, "\n", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_true(g_strv_contains((const char *const *)found, lines[i]));
    }
    g_assert_null(strstr(text, "domain="));
    NwDhcp named = internal;
    named.domain = "guests.example";
    g_autofree char *with_domain = dhcp_config_format(&named, "dnsmasq", &err);
    g_assert_nonnull(strstr(with_domain, "\ndomain=guests.example\n"));
}

static void test_bad_format(void)
{
    static const char *const texts[] = {"", "x\nport=53", "a b", "1.2.3", "\xff"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        NwDhcp bad = internal;
        bad.first = texts[i];
        g_assert_true(is_refused(&bad));
        bad = internal;
        bad.host_ip = texts[i];
        g_assert_true(is_refused(&bad));
        bad = internal;
        bad.state_dir = texts[i];
        g_assert_true(is_refused(&bad));
    }
    static const char *const domains[] = {"", "x\nport=53", "a b", "a,b", "\xff"};
    for (size_t i = 0; i < G_N_ELEMENTS(domains); i++) {
        NwDhcp bad = internal;
        bad.domain = domains[i];
        g_assert_true(is_refused(&bad));
    }
    NwDhcp bad = internal;
    bad.bridge = "x\nport=53";
    g_assert_true(is_refused(&bad));
    bad = internal;
    bad.state_dir = "/run/a\nport=53";
    g_assert_true(is_refused(&bad));
    static const unsigned prefixes[] = {0, 31, 32, 33, 1000};
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        bad = internal;
        bad.prefix = prefixes[i];
        g_assert_true(is_refused(&bad));
    }
}

static void test_bad_range(void)
{
    NwDhcp other_network = internal, backwards = internal;
    other_network.last = "169.255.0.9";
    g_assert_true(is_refused(&other_network));
    backwards.first = "169.254.0.9";
    backwards.last = "169.254.0.8";
    g_assert_true(is_refused(&backwards));
}

static void assert_lease(const char *text, const char *mac, int64_t now, const char *expected)
{
    g_autofree char *address = dhcp_config_find_lease(text, mac, now);
    g_assert_cmpstr(address, ==, expected);
}

static void test_lease(void)
{
    assert_lease(LEASES, "02:00:00:00:00:01", 1699999999, "169.254.0.2");
    assert_lease(LEASES, "02:00:00:00:00:01", 1700000000, "");
    assert_lease(LEASES, "02:00:00:00:00:02", 1800000000, "169.254.0.3");
    assert_lease(LEASES, "02:00:00:00:00:03", 0, "");
    assert_lease("0 02:ab:00:00:00:0C 10.0.0.1 * *", "02:AB:00:00:00:0c", 5, "10.0.0.1");
}

static void test_bad_lease(void)
{
    static const char *const bad[] = {
        "",
        "\n",
        "0",
        "0 02:00:00:00:00:01",
        "0 02:00:00:00:00:01 169.254.0.2",
        "soon 02:00:00:00:00:01 169.254.0.2 * *",
        "0 02:00:00:00:00:01 169.254.0.999 * *",
        "0 02:00:00:00:00:01 <script> * *",
        "0  02:00:00:00:00:01 169.254.0.2 * *",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_lease(bad[i], "02:00:00:00:00:01", 5, "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dhcp-config/format", test_format);
    g_test_add_func("/dhcp-config/format/bad", test_bad_format);
    g_test_add_func("/dhcp-config/range/bad", test_bad_range);
    g_test_add_func("/dhcp-config/lease", test_lease);
    g_test_add_func("/dhcp-config/lease/bad", test_bad_lease);
    return g_test_run();
}
