/* One suite for every network driver: bridges, uplinks, ports, DHCP. */
#include "nw_fixture.h"

#include <arpa/inet.h>
#include <net/ethernet.h>

static void test_bridge(NwFixture *fix)
{
    Err *err = NULL;
    NwInterface first, second;
    g_assert_false(fix->driver->bridge_exists(fix->nw, "xapi0"));
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    g_assert_true(fix->driver->bridge_exists(fix->nw, "xapi0"));
    g_assert_true(nw_find_interface(fix, "xapi0", &first));
    g_assert_true(first.is_bridge);
    g_assert_false(first.physical);
    g_assert_cmpuint(first.mtu, ==, 1500);
    nw_create_bridge(fix, "xapi0", 1400, NULL);
    g_assert_true(nw_find_interface(fix, "xapi0", &second));
    g_assert_cmpuint(second.mtu, ==, 1400);
    g_assert_cmpstr(first.mac, ==, second.mac);
    nw_destroy_bridge(fix, "xapi0");
    nw_destroy_bridge(fix, "xapi0");
    g_assert_false(fix->driver->bridge_exists(fix->nw, "xapi0"));
    g_assert_false(nw_find_interface(fix, "xapi0", &first));

    static const char *const bad_names[] = {"", ".", "..", "a/b", "sixteen-letters!", "a b", "a\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad_names); i++) {
        NwBridge bad = {.name = bad_names[i], .mtu = 1500};
        nw_assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &bad, &err), &err);
    }
    NwBridge no_uplink = {.name = "xapi1", .mtu = 1500, .uplink = "eth99"};
    nw_assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &no_uplink, &err), &err);
    nw_destroy_bridge(fix, "xapi1");
}

static void test_interfaces(NwFixture *fix)
{
    NwInterface card;
    g_assert_true(nw_find_interface(fix, "eth0", &card));
    g_assert_true(card.physical);
    g_assert_false(card.is_bridge);
    g_assert_cmpstr(card.master, ==, "");
    g_assert_cmpuint(strlen(card.mac), ==, 17);
    g_assert_cmpuint(card.mtu, ==, 1500);
    nw_create_bridge(fix, "xenbr0", 1500, "eth0");
    g_assert_true(nw_find_interface(fix, "eth0", &card));
    g_assert_cmpstr(card.master, ==, "xenbr0");
    Err *err = NULL;
    NwBridge second = {.name = "xapi0", .mtu = 1500, .uplink = "eth0"};
    nw_assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &second, &err), &err);
    nw_destroy_bridge(fix, "xapi0");
    nw_destroy_bridge(fix, "xenbr0");
    g_assert_true(nw_find_interface(fix, "eth0", &card));
    g_assert_cmpstr(card.master, ==, "");
}

static void test_port(NwFixture *fix)
{
    Err *err = NULL;
    NwInterface port;
    auto_fd fd = -1;
    const NwPort wanted = {
        .name = "vif1.0", .bridge = "xapi0", .mtu = 1400, .policy = {.mac = "02:00:00:00:00:01"}};
    nw_assert_fails(fix->driver->port_attach(fix->nw, fix->op, &wanted, &fd, &err), &err);
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    assert_ok(fix->driver->port_change(fix->nw, fix->op, &wanted, &err), err);
    g_assert_false(nw_find_interface(fix, "vif1.0", &port));
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, &wanted, &fd, &err), err);
    g_assert_cmpint(fd >= 0, ==, fix->kind->is_real);
    g_assert_true(nw_find_interface(fix, "vif1.0", &port));
    g_assert_cmpstr(port.master, ==, "xapi0");
    g_assert_cmpstr(port.mac, ==, "fe:ff:ff:ff:ff:ff");
    g_assert_false(port.physical);
    assert_ok(fix->driver->port_detach(fix->nw, fix->op, "vif1.0", &err), err);
    assert_ok(fix->driver->port_detach(fix->nw, fix->op, "vif1.0", &err), err);
    g_assert_false(nw_find_interface(fix, "vif1.0", &port));
    nw_destroy_bridge(fix, "xapi0");
}

static void test_port_dies_with_descriptor(NwFixture *fix)
{
    Err *err = NULL;
    NwInterface port, bridge;
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    NwInterface before;
    g_assert_true(nw_find_interface(fix, "xapi0", &before));
    const NwPort wanted = {
        .name = "tap0", .bridge = "xapi0", .mtu = 1400, .policy = {.mac = "02:00:00:00:00:01"}};
    int fd = -1, twin = -1;
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, &wanted, &fd, &err), err);
    g_assert_true(nw_find_interface(fix, "tap0", &port));
    g_assert_cmpuint(port.mtu, ==, 1400);
    nw_assert_fails(fix->driver->port_attach(fix->nw, fix->op, &wanted, &twin, &err), &err);
    g_assert_true(nw_find_interface(fix, "xapi0", &bridge));
    g_assert_cmpstr(bridge.mac, ==, before.mac);
    g_assert_cmpuint(bridge.mtu, ==, 1500);
    fd_close(&fd);
    g_assert_false(nw_find_interface(fix, "tap0", &port));
    nw_assert_fails(fix->driver->port_detach(fix->nw, fix->op, "eth0", &err), &err);
    nw_destroy_bridge(fix, "xapi0");
}

static void test_frames(NwFixture *fix)
{
    Err *err = NULL;
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    int ends[2] = {nw_attach_port(fix, "xapi0", "tap0"), nw_attach_port(fix, "xapi0", "tap1")};
    unsigned char frame[NW_VNET_HEADER + 64] = {0};
    struct ether_header *header = (struct ether_header *)(frame + NW_VNET_HEADER);
    memset(header->ether_dhost, 0xff, ETH_ALEN);
    memcpy(header->ether_shost, "\x02\0\0\0\0\x01", ETH_ALEN);
    header->ether_type = htons(0x88b5); /* for local experiments */
    memcpy(frame + sizeof frame - 5, "hello", 5);
    g_assert_cmpint(write(ends[0], frame, sizeof frame), ==, sizeof frame);

    for (bool arrived = false; !arrived;) {
        struct pollfd fd = {.fd = ends[1], .events = POLLIN};
        assert_ok(op_poll(fix->op, &fd, 1, &err), err);
        unsigned char got[2048];
        ssize_t length = read(ends[1], got, sizeof got);
        /* The host's own IPv6 chatter may come first. */
        arrived = length == sizeof frame && memcmp(got + length - 5, "hello", 5) == 0;
    }
    fd_close(&ends[0]);
    fd_close(&ends[1]);
    nw_destroy_bridge(fix, "xapi0");
}

static void give_address(NwFixture *fix)
{
    nw_run(fix, "ip addr add 10.77.0.2/24 dev eth0");
    nw_run(fix, "ip addr add 10.78.0.2/24 dev eth0");
    nw_run(fix, "ip route add default via 10.77.0.1 dev eth0 metric 100 src 10.77.0.2");
    nw_run(fix, "ip route add 10.99.0.0/16 via 10.78.0.1 dev eth0");
    nw_run(fix, "nsenter -t %d -n ip addr add 10.77.0.1/24 dev far", fix->outside);
}

static void assert_reached_through(NwFixture *fix, const char *name, const char *other)
{
    NwInterface has, has_not;
    g_assert_true(nw_find_interface(fix, name, &has));
    g_assert_cmpstr(has.ipv4, ==, "10.77.0.2");
    g_assert_cmpuint(has.ipv4_prefix, ==, 24);
    g_assert_cmpstr(has.gateway, ==, "10.77.0.1");
    if (nw_find_interface(fix, other, &has_not)) {
        g_assert_cmpstr(has_not.ipv4, ==, "");
        g_assert_cmpstr(has_not.gateway, ==, "");
    }
    g_autofree char *routes = nw_read(fix, "ip route show");
    g_autofree char *behind = g_strdup_printf("10.99.0.0/16 via 10.78.0.1 dev %s", name);
    g_assert_nonnull(strstr(routes, behind));
    g_assert_nonnull(strstr(routes, "metric 100"));
    g_autofree char *gone = g_strdup_printf("dev %s ", other);
    g_assert_null(strstr(routes, gone));
    nw_run(fix, "busybox ping -c 1 -w 20 10.77.0.1");
}

static void test_uplink(NwFixture *fix)
{
    NwInterface card, bridge;
    give_address(fix);
    assert_reached_through(fix, "eth0", "xenbr0");
    nw_create_bridge(fix, "xenbr0", 1500, "eth0");
    assert_reached_through(fix, "xenbr0", "eth0");
    g_assert_true(nw_find_interface(fix, "eth0", &card));
    g_assert_true(nw_find_interface(fix, "xenbr0", &bridge));
    g_assert_cmpstr(card.master, ==, "xenbr0");
    g_assert_cmpstr(card.mac, ==, bridge.mac);
    nw_create_bridge(fix, "xenbr0", 1500, "eth0");
    assert_reached_through(fix, "xenbr0", "eth0");
    nw_destroy_bridge(fix, "xenbr0");
    assert_reached_through(fix, "eth0", "xenbr0");
}

/* The daemon died after it had made the bridge and copied one of the addresses. */
static void test_uplink_resumed(NwFixture *fix)
{
    give_address(fix);
    nw_run(fix, "ip link add xenbr0 type bridge");
    nw_run(fix, "ip addr add 10.77.0.2/24 dev xenbr0");
    nw_create_bridge(fix, "xenbr0", 1500, "eth0");
    assert_reached_through(fix, "xenbr0", "eth0");
    nw_destroy_bridge(fix, "xenbr0");
}

/* A bridge cannot be a port of a bridge: the last step but one fails. */
static void test_uplink_rolled_back(NwFixture *fix)
{
    Err *err = NULL;
    give_address(fix);
    nw_create_bridge(fix, "xenbr0", 1500, "eth0");
    NwBridge above = {.name = "xapi9", .mtu = 1500, .uplink = "xenbr0", .move_address = true};
    nw_assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &above, &err), &err);
    assert_reached_through(fix, "xenbr0", "xapi9");
    nw_destroy_bridge(fix, "xapi9");
    assert_reached_through(fix, "xenbr0", "xapi9");
    nw_destroy_bridge(fix, "xenbr0");
}

/* Some kernels have no VLANs. */
static bool has_vlans(NwFixture *fix)
{
    static const char *const argv[] = {"ip",   "link", "add",  "link", "eth0", "name",
                                       "try0", "type", "vlan", "id",   "1",    NULL};
    g_auto(SubprocessResult) result = {0};
    g_assert_true(op_run(fix->op, argv, &result, NULL));
    if (result.exit_status == 0) {
        nw_run(fix, "ip link del try0");
    }
    return result.exit_status == 0;
}

static void test_vlan(NwFixture *fix)
{
    Err *err = NULL;
    NwInterface vlan;
    if (fix->kind->is_real && !has_vlans(fix)) {
        g_test_skip("this kernel has no VLANs (8021q)");
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(fix->driver->vlan_create(fix->nw, fix->op, "eth0.5", "eth0", 5, &err), err);
    }
    nw_create_bridge(fix, "xapi5", 1500, "eth0.5");
    nw_create_bridge(fix, "xenbr0", 1500, "eth0");
    g_assert_true(nw_find_interface(fix, "eth0.5", &vlan));
    g_assert_cmpstr(vlan.master, ==, "xapi5");
    g_assert_false(vlan.physical);
    nw_destroy_bridge(fix, "xapi5");
    nw_destroy_bridge(fix, "xenbr0");
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(fix->driver->vlan_delete(fix->nw, fix->op, "eth0.5", &err), err);
    }
    g_assert_false(nw_find_interface(fix, "eth0.5", &vlan));
    nw_assert_fails(fix->driver->vlan_create(fix->nw, fix->op, "eth9.5", "eth9", 5, &err), &err);
}

/* What the guest of a VLAN sends carries the tag outside, and what comes with it arrives. */
static void test_vlan_frames(NwFixture *fix)
{
    Err *err = NULL;
    if (!has_vlans(fix)) {
        g_test_skip("this kernel has no VLANs (8021q)");
        return;
    }
    assert_ok(fix->driver->vlan_create(fix->nw, fix->op, "eth0.5", "eth0", 5, &err), err);
    nw_create_bridge(fix, "xapi5", 1500, "eth0.5");
    nw_run(fix, "ip addr add 10.55.0.2/24 dev xapi5");
    nw_run(fix, "nsenter -t %d -n ip link add link far name far5 type vlan id 5", fix->outside);
    nw_run(fix, "nsenter -t %d -n ip addr add 10.55.0.1/24 dev far5", fix->outside);
    nw_run(fix, "nsenter -t %d -n ip link set far5 up", fix->outside);
    nw_run(fix, "busybox ping -c 1 -w 20 10.55.0.1");
    nw_destroy_bridge(fix, "xapi5");
    assert_ok(fix->driver->vlan_delete(fix->nw, fix->op, "eth0.5", &err), err);
}

static bool has_bonds(NwFixture *fix)
{
    static const char *const argv[] = {"ip", "link", "add", "try0", "type", "bond", NULL};
    g_auto(SubprocessResult) result = {0};
    g_assert_true(op_run(fix->op, argv, &result, NULL));
    if (result.exit_status == 0) {
        nw_run(fix, "ip link del try0");
    }
    return result.exit_status == 0;
}

static void test_bond(NwFixture *fix)
{
    Err *err = NULL;
    NwInterface card;
    static const char *const members[] = {"eth0", "eth1", NULL};
    const NwBond bond = {
        .name = "bond0", .mac = "02:00:00:00:00:0a", .mode = NW_BOND_BACKUP, .members = members};
    if (fix->kind->is_real && !has_bonds(fix)) {
        g_test_skip("this kernel has no bonding");
        return;
    }
    if (fix->kind->is_real) {
        nw_run(fix, "ip link add eth1 type veth peer name far1");
        nw_run(fix, "ip link set far1 up");
        give_address(fix);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(fix->driver->bond_create(fix->nw, fix->op, &bond, &err), err);
    }
    nw_create_bridge(fix, "xapi0", 1500, "bond0");
    g_assert_true(nw_find_interface(fix, "eth1", &card));
    g_assert_cmpstr(card.master, ==, "bond0");
    if (fix->kind->is_real) {
        assert_reached_through(fix, "xapi0", "eth0");
    }
    nw_destroy_bridge(fix, "xapi0");
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(fix->driver->bond_delete(fix->nw, fix->op, "bond0", "eth0", &err), err);
    }
    g_assert_true(nw_find_interface(fix, "eth1", &card));
    g_assert_cmpstr(card.master, ==, "");
    if (fix->kind->is_real) {
        assert_reached_through(fix, "eth0", "xapi0");
        nw_run(fix, "ip link del eth1");
    }
}

static char *read_pid(const NwFixture *fix)
{
    g_autofree char *path = g_build_filename(fix->state_dir, "dhcp.pid", NULL);
    return fd_read_file(path, 64, NULL, NULL);
}

static void test_dhcp(NwFixture *fix)
{
    Err *err = NULL;
    nw_create_bridge(fix, "xenapi", 1500, NULL);
    NwDhcp dhcp = {
        .bridge = "xenapi",
        .host_ip = "169.254.0.1",
        .prefix = 16,
        .first = "169.254.0.2",
        .last = "169.254.255.254",
        .state_dir = fix->state_dir,
    };
    assert_ok(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), err);
    assert_ok(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), err);
    g_autofree char *none =
        fix->driver->dhcp_lease(fix->nw, fix->state_dir, "02:00:00:00:00:99", &err);
    g_assert_cmpstr(none, ==, "");
    assert_ok(fix->driver->dhcp_stop(fix->nw, fix->op, "xenapi", fix->state_dir, &err), err);
    assert_ok(fix->driver->dhcp_stop(fix->nw, fix->op, "xenapi", fix->state_dir, &err), err);
    nw_destroy_bridge(fix, "xenapi");
    nw_assert_fails(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), &err);
}

static void test_dhcp_lease(NwFixture *fix)
{
    Err *err = NULL;
    NwInterface bridge;
    nw_create_bridge(fix, "xenapi", 1500, NULL);
    nw_run(fix, "ip link set eth0 master xenapi");
    nw_run(fix, "nsenter -t %d -n ip link set far address 02:00:00:00:00:42", fix->outside);
    NwDhcp dhcp = {
        .bridge = "xenapi",
        .host_ip = "169.254.0.1",
        .prefix = 16,
        .first = "169.254.0.2",
        .last = "169.254.0.9",
        .state_dir = fix->state_dir,
        .domain = "guests.example",
    };
    assert_ok(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), err);
    g_autofree char *first_pid = read_pid(fix);
    assert_ok(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), err);
    g_autofree char *same_pid = read_pid(fix);
    g_assert_cmpstr(first_pid, ==, same_pid);
    g_assert_true(nw_find_interface(fix, "xenapi", &bridge));
    g_assert_cmpstr(bridge.ipv4, ==, "169.254.0.1");

    nw_run(fix, "nsenter -t %d -n busybox udhcpc -i far -n -q -f -t 20 -T 1 -s /bin/true",
           fix->outside);
    g_autofree char *lease =
        fix->driver->dhcp_lease(fix->nw, fix->state_dir, "02:00:00:00:00:42", &err);
    g_assert_true(g_str_has_prefix(lease, "169.254.0."));

    dhcp.last = "169.254.0.20";
    assert_ok(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), err);
    g_autofree char *new_pid = read_pid(fix);
    g_assert_cmpstr(first_pid, !=, new_pid);
    g_autofree char *kept =
        fix->driver->dhcp_lease(fix->nw, fix->state_dir, "02:00:00:00:00:42", &err);
    g_assert_cmpstr(kept, ==, lease);
    assert_ok(fix->driver->dhcp_stop(fix->nw, fix->op, "xenapi", fix->state_dir, &err), err);
    nw_run(fix, "ip link set eth0 nomaster");
    nw_destroy_bridge(fix, "xenapi");
}

static void test_cancelled(NwFixture *fix)
{
    g_autoptr(Op) cancelled = op_new(NW_DEADLINE);
    op_cancel(cancelled);
    g_autoptr(Err) err = NULL;
    NwBridge bridge = {.name = "xapi0", .mtu = 1500};
    g_assert_false(fix->driver->bridge_create(fix->nw, cancelled, &bridge, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
    g_assert_false(fix->driver->bridge_exists(fix->nw, "xapi0"));
}

/* Whether there were news that count within a while. */
static bool has_news(NwFixture *fix, int fd)
{
    g_autoptr(Op) op = op_new_child(fix->op, NW_DEADLINE);
    struct pollfd news = {.fd = fd, .events = POLLIN};
    bool is_told = false;
    while (!is_told && op_poll(op, &news, 1, NULL)) {
        is_told = fix->driver->watch_read(fix->nw, fd);
    }
    return is_told;
}

static void test_watch(NwFixture *fix)
{
    Err *err = NULL;
    auto_fd fd = fix->driver->watch_open(fix->nw, &err);
    assert_ok(fd >= 0, err);
    g_assert_false(fix->driver->watch_read(fix->nw, fd));
    nw_run(fix, "ip link set eth0 down");
    g_assert_true(has_news(fix, fd));
    nw_run(fix, "ip address add 10.9.8.7/24 dev eth0");
    g_assert_true(has_news(fix, fd));
    nw_run(fix, "ip link set eth0 up");
    g_assert_true(has_news(fix, fd));
    /* A guest's port is nobody's business. */
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    auto_fd tap = nw_attach_port(fix, "xapi0", "vif1.0");
    fd_close(&tap);
    nw_run(fix, "ip address del 10.9.8.7/24 dev eth0");
    g_assert_true(has_news(fix, fd));
    /* The kernel tells late what became of the others, but not each time anew. */
    g_autoptr(Op) op = op_new_child(fix->op, NW_DEADLINE);
    bool is_told = true;
    while (is_told && op_check(op, NULL)) {
        fix->driver->watch_read(fix->nw, fd);
        nw_run(fix, "ip tuntap add dev vif2.0 mode tap");
        nw_run(fix, "ip tuntap del dev vif2.0 mode tap");
        is_told = fix->driver->watch_read(fix->nw, fd);
    }
    g_assert_false(is_told);
    nw_destroy_bridge(fix, "xapi0");
}

static void test_offload(NwFixture *fix)
{
    Err *err = NULL;
    for (int on = 0; on < 2; on++) {
        bool done = fix->driver->set_receive_offload(fix->nw, fix->op, "eth0", on, &err);
        assert_ok(done, err);
    }
    nw_assert_fails(fix->driver->set_receive_offload(fix->nw, fix->op, "eth9", true, &err), &err);
}

static const NwCase cases[] = {
    {"bridge", test_bridge, false},
    {"interfaces", test_interfaces, false},
    {"port", test_port, false},
    {"vlan", test_vlan, false},
    {"bond", test_bond, false},
    {"dhcp", test_dhcp, false},
    {"offload", test_offload, false},
    {"watch", test_watch, true},
    {"cancelled", test_cancelled, false},
    {"port-dies-with-descriptor", test_port_dies_with_descriptor, true},
    {"frames", test_frames, true},
    {"uplink", test_uplink, true},
    {"uplink-resumed", test_uplink_resumed, true},
    {"uplink-rolled-back", test_uplink_rolled_back, true},
    {"dhcp-lease", test_dhcp_lease, true},
    {"vlan-frames", test_vlan_frames, true},
};

int main(int argc, char **argv)
{
    return nw_run_cases(argc, argv, cases, G_N_ELEMENTS(cases));
}
