/* ops/network: addresses as clients write them. */
#include "ops/network/ip_text.h"

#include <glib.h>

static void test_address(void)
{
    g_assert_true(ip_text_is_address(AF_INET, "10.0.0.1"));
    g_assert_true(ip_text_is_address(AF_INET6, "2001:db8::1"));
    g_assert_true(ip_text_is_address(AF_UNSPEC, "::"));
    g_assert_true(ip_text_is_address(AF_UNSPEC, "0.0.0.0"));
    static const char *const bad[] = {"", "10.0.0", "10.0.0.256", "10.0.0.1/8", "1.2.3.4 ", "fe80"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(ip_text_is_address(AF_UNSPEC, bad[i]));
    }
    g_assert_false(ip_text_is_address(AF_INET, "::1"));
    g_assert_false(ip_text_is_address(AF_INET6, "10.0.0.1"));
}

static void test_cidr(void)
{
    char address[INET6_ADDRSTRLEN] = "as it was";
    unsigned prefix = 99;
    static const char *const bad[] = {"10.0.0.1",    "/24",    "10.0.0.1/", "10.0.0.1/33",
                                      "10.0.0.1/-1", "::1/64", "x/8",       ""};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(ip_text_parse_cidr(AF_INET, bad[i], address, &prefix));
    }
    g_assert_cmpstr(address, ==, "as it was");
    g_assert_cmpuint(prefix, ==, 99);
    g_assert_true(ip_text_parse_cidr(AF_INET, "10.0.0.1/24", address, &prefix));
    g_assert_cmpstr(address, ==, "10.0.0.1");
    g_assert_cmpuint(prefix, ==, 24);
    g_assert_true(ip_text_parse_cidr(AF_INET6, "2001:db8::1/128", address, &prefix));
    g_assert_cmpstr(address, ==, "2001:db8::1");
    g_assert_cmpuint(prefix, ==, 128);
    g_assert_false(ip_text_parse_cidr(AF_INET6, "2001:db8::1/129", address, &prefix));
}

static void test_netmask(void)
{
    char text[INET_ADDRSTRLEN];
    for (unsigned prefix = 0; prefix <= 32; prefix++) {
        unsigned parsed = 99;
        g_assert_true(ip_text_parse_netmask(ip_text_format_netmask(prefix, text), &parsed));
        g_assert_cmpuint(parsed, ==, prefix);
    }
    g_assert_cmpstr(ip_text_format_netmask(20, text), ==, "255.255.240.0");
    static const char *const bad[] = {"255.0.255.0", "0.255.255.255", "255.255.255.253", "24", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        unsigned parsed;
        g_assert_false(ip_text_parse_netmask(bad[i], &parsed));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ip-text/address", test_address);
    g_test_add_func("/ip-text/cidr", test_cidr);
    g_test_add_func("/ip-text/netmask", test_netmask);
    return g_test_run();
}
