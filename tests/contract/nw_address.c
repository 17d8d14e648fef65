/* The host's own addresses on its bridges: set, changed, taken, and got by DHCP. */
#include "nw_fixture.h"

#include <signal.h>
#include <sys/socket.h>

static void configure(NwFixture *fix, const NwIp *ip)
{
    Err *err = NULL;
    assert_ok(fix->driver->ip_configure(fix->nw, fix->op, ip, &err), err);
}

static void assert_ipv4(NwFixture *fix, const char *address, unsigned prefix)
{
    NwInterface bridge;
    g_assert_true(nw_find_interface(fix, "xapi0", &bridge));
    g_assert_cmpstr(bridge.ipv4, ==, address);
    if (*address) {
        g_assert_cmpuint(bridge.ipv4_prefix, ==, prefix);
    }
}

static void test_static(NwFixture *fix)
{
    Err *err = NULL;
    NwIp ip = {.bridge = "xapi0",
               .family = AF_INET,
               .mode = NW_IP_STATIC,
               .address = "10.77.0.2",
               .prefix = 24,
               .state_dir = fix->state_dir};
    nw_assert_fails(fix->driver->ip_configure(fix->nw, fix->op, &ip, &err), &err);
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    configure(fix, &ip);
    configure(fix, &ip);
    assert_ipv4(fix, "10.77.0.2", 24);
    ip.address = "10.77.0.3"; /* of the same network: not lost with the first */
    configure(fix, &ip);
    assert_ipv4(fix, "10.77.0.3", 24);
    ip.mode = NW_IP_NONE;
    configure(fix, &ip);
    configure(fix, &ip);
    assert_ipv4(fix, "", 0);
    nw_destroy_bridge(fix, "xapi0");
}

static void test_gateway(NwFixture *fix)
{
    NwIp ip = {.bridge = "xapi0",
               .family = AF_INET,
               .mode = NW_IP_STATIC,
               .address = "10.77.0.2",
               .prefix = 24,
               .gateway = "10.77.0.1",
               .state_dir = fix->state_dir};
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    configure(fix, &ip);
    g_autofree char *first = nw_read(fix, "ip route show default");
    g_assert_nonnull(strstr(first, "default via 10.77.0.1 dev xapi0"));
    ip.gateway = "10.77.0.9";
    configure(fix, &ip);
    g_autofree char *second = nw_read(fix, "ip route show default");
    g_assert_nonnull(strstr(second, "default via 10.77.0.9 dev xapi0"));
    g_assert_null(strstr(second, "10.77.0.1"));
    ip.gateway = NULL;
    configure(fix, &ip);
    g_autofree char *third = nw_read(fix, "ip route show default");
    g_assert_cmpstr(third, ==, "");
    nw_destroy_bridge(fix, "xapi0");
}

static void test_ipv6(NwFixture *fix)
{
    NwIp ip = {.bridge = "xapi0",
               .family = AF_INET6,
               .mode = NW_IP_STATIC,
               .address = "2001:db8::2",
               .prefix = 64,
               .gateway = "2001:db8::1"};
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    configure(fix, &ip);
    g_autofree char *addresses = nw_read(fix, "ip -6 addr show dev xapi0");
    g_autofree char *routes = nw_read(fix, "ip -6 route show default");
    g_autofree char *closed = nw_read(fix, "cat /proc/sys/net/ipv6/conf/xapi0/accept_ra");
    g_assert_nonnull(strstr(addresses, "2001:db8::2/64"));
    g_assert_nonnull(strstr(routes, "default via 2001:db8::1 dev xapi0"));
    g_assert_cmpstr(closed, ==, "0\n");
    ip.mode = NW_IP_AUTOCONF;
    configure(fix, &ip);
    g_autofree char *after = nw_read(fix, "ip -6 addr show dev xapi0");
    g_autofree char *open = nw_read(fix, "cat /proc/sys/net/ipv6/conf/xapi0/accept_ra");
    g_assert_null(strstr(after, "2001:db8::2"));
    g_assert_cmpstr(open, ==, "1\n");
    nw_destroy_bridge(fix, "xapi0");
}

/* The server is one of ours, on another bridge, at the far end of a cable. */
static void test_dhcp(NwFixture *fix)
{
    Err *err = NULL;
    g_autofree char *server_dir = g_build_filename(fix->state_dir, "server", NULL);
    const NwDhcp dhcp = {.bridge = "xenapi",
                         .host_ip = "10.88.0.1",
                         .prefix = 24,
                         .first = "10.88.0.7",
                         .last = "10.88.0.7",
                         .state_dir = server_dir};
    NwIp ip = {
        .bridge = "xapi0", .family = AF_INET, .mode = NW_IP_DHCP, .state_dir = fix->state_dir};
    nw_create_bridge(fix, "xenapi", 1500, NULL);
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    nw_run(fix, "ip link add cable0 master xenapi type veth peer name cable1");
    nw_run(fix, "ip link set cable1 master xapi0");
    nw_run(fix, "ip link set cable0 up");
    nw_run(fix, "ip link set cable1 up");
    assert_ok(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), err);
    configure(fix, &ip);
    configure(fix, &ip);
    assert_ipv4(fix, "10.88.0.7", 24);
    ip.mode = NW_IP_NONE;
    configure(fix, &ip);
    assert_ipv4(fix, "", 0);
    assert_ok(fix->driver->dhcp_stop(fix->nw, fix->op, "xenapi", server_dir, &err), err);
    nw_run(fix, "ip link del cable0");
    nw_destroy_bridge(fix, "xapi0");
    nw_destroy_bridge(fix, "xenapi");
}

static void start_far_server(NwFixture *fix)
{
    nw_run(fix,
           "dnsmasq --conf-file=/dev/null --port=0 --interface=cable0 --bind-interfaces --no-ping"
           " --dhcp-range=10.89.0.7,10.89.0.7,255.255.255.0 --dhcp-option=option:router,10.89.0.1"
           " --dhcp-leasefile=%s/far.leases --pid-file=%s/far.pid",
           fix->state_dir, fix->state_dir);
}

static void start_far_end(NwFixture *fix)
{
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    nw_run(fix, "ip link add cable0 type veth peer name cable1");
    nw_run(fix, "ip link set cable1 master xapi0");
    nw_run(fix, "ip link set cable0 up");
    nw_run(fix, "ip link set cable1 up");
    nw_run(fix, "ip addr add 10.89.0.1/24 dev cable0");
}

static void end_far_end(NwFixture *fix)
{
    g_autofree char *show_pid = g_strdup_printf("cat %s/far.pid", fix->state_dir);
    g_autofree char *pid = nw_read(fix, show_pid);
    g_assert_cmpint(kill((pid_t)g_ascii_strtoll(pid, NULL, 10), SIGTERM), ==, 0);
    nw_run(fix, "ip link del cable0");
    nw_destroy_bridge(fix, "xapi0");
}

/* A client that runs learns whether the default route is its own. */
static void test_dhcp_route(NwFixture *fix)
{
    NwIp ip = {
        .bridge = "xapi0", .family = AF_INET, .mode = NW_IP_DHCP, .state_dir = fix->state_dir};
    start_far_end(fix);
    start_far_server(fix);
    static const char route[] = "default via 10.89.0.1 dev xapi0";
    for (unsigned i = 0; i < 4; i++) {
        ip.default_route = i % 2 == 1;
        configure(fix, &ip);
        assert_ipv4(fix, "10.89.0.7", 24);
        g_autofree char *routes = nw_read(fix, "ip route show default");
        g_assert_cmpint(strstr(routes, route) != NULL, ==, ip.default_route);
    }
    ip.mode = NW_IP_NONE;
    configure(fix, &ip);
    end_far_end(fix);
}

/* Of the whole site that has lost its power, the server is the last to be back. */
static void test_dhcp_late(NwFixture *fix)
{
    enum { PATIENCE = USEC_PER_SEC };
    Err *err = NULL;
    NwIp ip = {
        .bridge = "xapi0", .family = AF_INET, .mode = NW_IP_DHCP, .state_dir = fix->state_dir};
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autofree char *show_pid = g_strdup_printf("cat %s/dhcp-client.pid", fix->state_dir);
    start_far_end(fix);
    nw_assert_fails(fix->driver->ip_configure(fix->nw, op, &ip, &err), &err);
    g_autofree char *before = nw_read(fix, show_pid);
    start_far_server(fix);
    configure(fix, &ip);
    assert_ipv4(fix, "10.89.0.7", 24);
    g_autofree char *after = nw_read(fix, show_pid);
    g_assert_cmpstr(before, ==, after);
    ip.mode = NW_IP_NONE;
    configure(fix, &ip);
    end_far_end(fix);
}

static const NwCase cases[] = {
    {"static", test_static, false},
    {"gateway", test_gateway, true},
    {"ipv6", test_ipv6, true},
    {"dhcp", test_dhcp, true},
    {"dhcp_route", test_dhcp_route, true},
    {"dhcp_late", test_dhcp_late, true},
};

int main(int argc, char **argv)
{
    return nw_run_cases(argc, argv, cases, G_N_ELEMENTS(cases));
}
