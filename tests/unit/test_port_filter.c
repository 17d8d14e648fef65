/* network/bridge: the rules for locked ports, as text. */
#include "network/bridge/port_filter.h"

static void test_lock(void)
{
    static const char *const ipv4[] = {"10.0.0.1", "10.0.0.2", NULL};
    static const char *const ipv6[] = {"2001:DB8:0::1", NULL};
    const NwPort port = {
        .name = "tap0",
        .bridge = "xapi0",
        .policy = {.locking = NW_LOCKED, .mac = "02:00:00:00:00:01", .ipv4 = ipv4, .ipv6 = ipv6},
    };
    g_autofree char *text = port_filter_format_lock(&port);
    static const char *const rules[] = {
        "ether saddr != 02:00:00:00:00:01 drop\n",
        "arp saddr ether != 02:00:00:00:00:01 drop\n",
        "arp saddr ip { 0.0.0.0, 10.0.0.1, 10.0.0.2 } accept\n",
        "ip saddr { 0.0.0.0, 10.0.0.1, 10.0.0.2 } udp sport 68 udp dport 67 accept\n",
        "ip saddr { 10.0.0.1, 10.0.0.2 } accept\n",
        "icmpv6 type { nd-router-advert, nd-redirect } drop\n",
        "nd-neighbor-advert @th,64,128 != { 0x20010db8000000000000000000000001 } drop\n",
        "ip6 saddr { 2001:db8::1 } accept\n",
        "tap0 counter drop\n",
        "add element bridge clearwater ports { \"tap0\" : jump tap0 }\n",
    };
    const char *at = text;
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        at = strstr(at, rules[i]); /* the order of rules is what they mean */
        g_assert_nonnull(at);
    }
}

static void test_lock_without_addresses(void)
{
    const NwPort port = {.name = "tap0",
                         .bridge = "xapi0",
                         .policy = {.locking = NW_LOCKED, .mac = "02:00:00:00:00:01"}};
    g_autofree char *text = port_filter_format_lock(&port);
    g_assert_nonnull(strstr(text, "arp saddr ip { 0.0.0.0 } accept\n"));
    g_assert_null(strstr(text, "ip6"));
    g_assert_null(strstr(text, "{  }"));
}

static void test_unlock(void)
{
    g_autofree char *text = port_filter_format_unlock("tap0");
    const char *element = strstr(text, "delete element bridge clearwater ports { \"tap0\" }\n");
    g_assert_nonnull(element);
    g_assert_nonnull(strstr(element, "delete chain bridge clearwater tap0\n"));
}

static void test_names(void)
{
    g_autoptr(GHashTable) none = port_filter_parse_names("");
    g_assert_cmpuint(g_hash_table_size(none), ==, 0);
    g_autoptr(GHashTable) two = port_filter_parse_names("table bridge clearwater {\n"
                                                        "\tmap ports {\n"
                                                        "\t\ttype ifname : verdict\n"
                                                        "\t\telements = { \"tap0\" : jump tap0,\n"
                                                        "\t\t\t     \"tap1\" : jump tap1 }\n"
                                                        "\t}\n}\n");
    g_assert_cmpuint(g_hash_table_size(two), ==, 2);
    g_assert_true(g_hash_table_contains(two, "tap0"));
    g_assert_true(g_hash_table_contains(two, "tap1"));
}

static void test_policies(void)
{
    static const char *const good_mac = "02:00:00:00:00:01";
    static const char *const bad_macs[] = {"", "01:00:00:00:00:01", "02:00:00:00:00:0g",
                                           "02:00:00:00:00:01 drop"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad_macs); i++) {
        const NwPolicy policy = {.mac = bad_macs[i]};
        g_assert_false(nw_check_policy(&policy, NULL));
    }
    static const char *const bad_addresses[] = {"", "10.0.0.1 }", "10.0.0.0/8", "::1"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad_addresses); i++) {
        const char *const list[] = {"10.0.0.1", bad_addresses[i], NULL};
        const NwPolicy policy = {.mac = good_mac, .ipv4 = list};
        g_assert_false(nw_check_policy(&policy, NULL));
    }
    const NwPolicy plain = {.mac = good_mac};
    g_assert_true(nw_check_policy(&plain, NULL));
    const char *many[NW_ALLOWED_MAX + 2] = {NULL};
    for (unsigned i = 0; i <= NW_ALLOWED_MAX; i++) {
        many[i] = "10.0.0.1";
    }
    const NwPolicy crowded = {.mac = good_mac, .ipv4 = many};
    g_assert_false(nw_check_policy(&crowded, NULL));
    many[NW_ALLOWED_MAX] = NULL;
    g_assert_true(nw_check_policy(&crowded, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/port-filter/lock", test_lock);
    g_test_add_func("/port-filter/lock-without-addresses", test_lock_without_addresses);
    g_test_add_func("/port-filter/unlock", test_unlock);
    g_test_add_func("/port-filter/names", test_names);
    g_test_add_func("/port-filter/policies", test_policies);
    return g_test_run();
}
