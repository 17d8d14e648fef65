/* One suite for every network driver.
 *
 * The process moves into a network namespace of its own before it does anything, so that the
 * machine's interfaces are out of reach; what stands for the world outside is a second one, in a
 * child process, at the far end of a veth pair.  That needs root. */
#include "../assert_ok.h"
#include "base/fd.h"
#include "base/subprocess.h"
#include "network/nw.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define DEADLINE    (60 * USEC_PER_SEC)
#define VNET_HEADER 10 /* bytes of struct virtio_net_hdr before each frame */

typedef struct Kind {
    const char *name;
    const NwDriver *driver;
    bool is_real;
} Kind;

static const Kind kinds[] = {
    {"bridge", &nw_bridge_driver, true},
    {"fake", &nw_fake_driver, false},
};

typedef struct Fixture {
    const Kind *kind;
    const NwDriver *driver;
    Op *op;
    Nw *nw;
    pid_t outside; /* holds the other namespace */
    char *state_dir;
} Fixture;

static void assert_fails(bool done, Err **err)
{
    g_assert_false(done);
    g_assert_true(err_is(*err, "INTERNAL_ERROR"));
    err_free(*err);
    *err = NULL;
}

/* Words of `command` are separated by single spaces. */
static char *run_tool(Fixture *fix, const char *command)
{
    Err *err = NULL;
    char *out = NULL;
    g_auto(GStrv) argv = g_strsplit(command, " ", -1);
    assert_ok(op_run_ok(fix->op, (const char *const *)argv, &out, &err), err);
    return out;
}

G_GNUC_PRINTF(2, 3) static void run(Fixture *fix, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *command = g_strdup_vprintf(fmt, args);
    va_end(args);
    g_free(run_tool(fix, command));
}

static pid_t start_outside(void)
{
    int ready[2];
    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test must not leave it behind */
        char done = unshare(CLONE_NEWNET) == 0;
        if (write(ready[1], &done, 1) != 1) {
            _exit(1);
        }
        pause();
        _exit(0);
    }
    char done = 0;
    g_assert_cmpint(read(ready[0], &done, 1), ==, 1);
    g_assert_true(done);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void fixture_start(Fixture *fix, const Kind *kind)
{
    Err *err = NULL;
    *fix = (Fixture){.kind = kind, .driver = kind->driver, .op = op_new(DEADLINE)};
    fix->state_dir = g_dir_make_tmp("nw-contract-XXXXXX", NULL);
    fix->nw = fix->driver->open(fix->state_dir, &err);
    assert_ok(fix->nw != NULL, err);
    if (kind->is_real) {
        fix->outside = start_outside();
        run(fix, "ip link add eth0 type veth peer name far netns %d", fix->outside);
        run(fix, "ip link set eth0 up");
        run(fix, "nsenter -t %d -n ip link set far up", fix->outside);
    }
}

static void fixture_stop(Fixture *fix)
{
    fix->driver->close(fix->nw);
    if (fix->kind->is_real) {
        kill(fix->outside, SIGKILL);
        waitpid(fix->outside, NULL, 0);
        /* The namespace of the child goes away some time later, and the pair with it. */
        const char *argv[] = {"ip", "link", "del", "eth0", NULL};
        g_auto(SubprocessResult) result = {0};
        g_assert_true(op_run(fix->op, argv, &result, NULL));
    }
    run(fix, "rm -rf %s", fix->state_dir);
    g_free(fix->state_dir);
    op_unref(fix->op);
}

static bool find_interface(Fixture *fix, const char *name, NwInterface *ret_interface)
{
    Err *err = NULL;
    g_autoptr(GArray) interfaces = fix->driver->interfaces(fix->nw, &err);
    assert_ok(interfaces != NULL, err);
    for (guint i = 0; i < interfaces->len; i++) {
        const NwInterface *interface = &g_array_index(interfaces, NwInterface, i);
        if (g_str_equal(interface->name, name)) {
            *ret_interface = *interface;
            return true;
        }
    }
    return false;
}

static void create_bridge(Fixture *fix, const char *name, unsigned mtu, const char *uplink)
{
    Err *err = NULL;
    NwBridge bridge = {.name = name, .mtu = mtu, .uplink = uplink, .move_address = uplink != NULL};
    assert_ok(fix->driver->bridge_create(fix->nw, fix->op, &bridge, &err), err);
}

static void destroy_bridge(Fixture *fix, const char *name)
{
    Err *err = NULL;
    assert_ok(fix->driver->bridge_destroy(fix->nw, fix->op, name, &err), err);
}

static void test_bridge(Fixture *fix)
{
    Err *err = NULL;
    NwInterface first, second;
    g_assert_false(fix->driver->bridge_exists(fix->nw, "xapi0"));
    create_bridge(fix, "xapi0", 1500, NULL);
    g_assert_true(fix->driver->bridge_exists(fix->nw, "xapi0"));
    g_assert_true(find_interface(fix, "xapi0", &first));
    g_assert_true(first.is_bridge);
    g_assert_false(first.physical);
    g_assert_cmpuint(first.mtu, ==, 1500);
    create_bridge(fix, "xapi0", 1400, NULL);
    g_assert_true(find_interface(fix, "xapi0", &second));
    g_assert_cmpuint(second.mtu, ==, 1400);
    g_assert_cmpstr(first.mac, ==, second.mac);
    destroy_bridge(fix, "xapi0");
    destroy_bridge(fix, "xapi0");
    g_assert_false(fix->driver->bridge_exists(fix->nw, "xapi0"));
    g_assert_false(find_interface(fix, "xapi0", &first));

    static const char *const bad_names[] = {"", ".", "..", "a/b", "sixteen-letters!", "a b", "a\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad_names); i++) {
        NwBridge bad = {.name = bad_names[i], .mtu = 1500};
        assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &bad, &err), &err);
    }
    NwBridge no_uplink = {.name = "xapi1", .mtu = 1500, .uplink = "eth99"};
    assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &no_uplink, &err), &err);
    destroy_bridge(fix, "xapi1");
}

static void test_interfaces(Fixture *fix)
{
    NwInterface card;
    g_assert_true(find_interface(fix, "eth0", &card));
    g_assert_true(card.physical);
    g_assert_false(card.is_bridge);
    g_assert_cmpstr(card.master, ==, "");
    g_assert_cmpuint(strlen(card.mac), ==, 17);
    g_assert_cmpuint(card.mtu, ==, 1500);
    create_bridge(fix, "xenbr0", 1500, "eth0");
    g_assert_true(find_interface(fix, "eth0", &card));
    g_assert_cmpstr(card.master, ==, "xenbr0");
    Err *err = NULL;
    NwBridge second = {.name = "xapi0", .mtu = 1500, .uplink = "eth0"};
    assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &second, &err), &err);
    destroy_bridge(fix, "xapi0");
    destroy_bridge(fix, "xenbr0");
    g_assert_true(find_interface(fix, "eth0", &card));
    g_assert_cmpstr(card.master, ==, "");
}

static void test_port(Fixture *fix)
{
    Err *err = NULL;
    NwInterface port;
    auto_fd fd = -1;
    assert_fails(fix->driver->port_attach(fix->nw, fix->op, "xapi0", "vif1.0", 1500, &fd, &err),
                 &err);
    create_bridge(fix, "xapi0", 1500, NULL);
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, "xapi0", "vif1.0", 1400, &fd, &err), err);
    g_assert_cmpint(fd >= 0, ==, fix->kind->is_real);
    g_assert_true(find_interface(fix, "vif1.0", &port));
    g_assert_cmpstr(port.master, ==, "xapi0");
    g_assert_cmpstr(port.mac, ==, "fe:ff:ff:ff:ff:ff");
    g_assert_false(port.physical);
    assert_ok(fix->driver->port_detach(fix->nw, fix->op, "vif1.0", &err), err);
    assert_ok(fix->driver->port_detach(fix->nw, fix->op, "vif1.0", &err), err);
    g_assert_false(find_interface(fix, "vif1.0", &port));
    destroy_bridge(fix, "xapi0");
}

static void test_port_dies_with_descriptor(Fixture *fix)
{
    Err *err = NULL;
    NwInterface port, bridge;
    create_bridge(fix, "xapi0", 1500, NULL);
    NwInterface before;
    g_assert_true(find_interface(fix, "xapi0", &before));
    int fd = -1, twin = -1;
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, "xapi0", "tap0", 1400, &fd, &err), err);
    g_assert_true(find_interface(fix, "tap0", &port));
    g_assert_cmpuint(port.mtu, ==, 1400);
    assert_fails(fix->driver->port_attach(fix->nw, fix->op, "xapi0", "tap0", 1500, &twin, &err),
                 &err);
    g_assert_true(find_interface(fix, "xapi0", &bridge));
    g_assert_cmpstr(bridge.mac, ==, before.mac);
    g_assert_cmpuint(bridge.mtu, ==, 1500);
    fd_close(&fd);
    g_assert_false(find_interface(fix, "tap0", &port));
    assert_fails(fix->driver->port_detach(fix->nw, fix->op, "eth0", &err), &err);
    destroy_bridge(fix, "xapi0");
}

static void test_frames(Fixture *fix)
{
    Err *err = NULL;
    int ends[2] = {-1, -1};
    create_bridge(fix, "xapi0", 1500, NULL);
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, "xapi0", "tap0", 1500, &ends[0], &err),
              err);
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, "xapi0", "tap1", 1500, &ends[1], &err),
              err);
    unsigned char frame[VNET_HEADER + 64] = {0};
    struct ether_header *header = (struct ether_header *)(frame + VNET_HEADER);
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
    destroy_bridge(fix, "xapi0");
}

static void give_address(Fixture *fix)
{
    run(fix, "ip addr add 10.77.0.2/24 dev eth0");
    run(fix, "ip addr add 10.78.0.2/24 dev eth0");
    run(fix, "ip route add default via 10.77.0.1 dev eth0 metric 100 src 10.77.0.2");
    run(fix, "ip route add 10.99.0.0/16 via 10.78.0.1 dev eth0");
    run(fix, "nsenter -t %d -n ip addr add 10.77.0.1/24 dev far", fix->outside);
}

static void assert_reached_through(Fixture *fix, const char *name, const char *other)
{
    NwInterface has, has_not;
    g_assert_true(find_interface(fix, name, &has));
    g_assert_cmpstr(has.ipv4, ==, "10.77.0.2");
    g_assert_cmpuint(has.ipv4_prefix, ==, 24);
    g_assert_cmpstr(has.gateway, ==, "10.77.0.1");
    if (find_interface(fix, other, &has_not)) {
        g_assert_cmpstr(has_not.ipv4, ==, "");
        g_assert_cmpstr(has_not.gateway, ==, "");
    }
    g_autofree char *routes = run_tool(fix, "ip route show");
    g_autofree char *behind = g_strdup_printf("10.99.0.0/16 via 10.78.0.1 dev %s", name);
    g_assert_nonnull(strstr(routes, behind));
    g_assert_nonnull(strstr(routes, "metric 100"));
    g_autofree char *gone = g_strdup_printf("dev %s ", other);
    g_assert_null(strstr(routes, gone));
    run(fix, "busybox ping -c 1 -w 20 10.77.0.1");
}

static void test_uplink(Fixture *fix)
{
    NwInterface card, bridge;
    give_address(fix);
    assert_reached_through(fix, "eth0", "xenbr0");
    create_bridge(fix, "xenbr0", 1500, "eth0");
    assert_reached_through(fix, "xenbr0", "eth0");
    g_assert_true(find_interface(fix, "eth0", &card));
    g_assert_true(find_interface(fix, "xenbr0", &bridge));
    g_assert_cmpstr(card.master, ==, "xenbr0");
    g_assert_cmpstr(card.mac, ==, bridge.mac);
    create_bridge(fix, "xenbr0", 1500, "eth0");
    assert_reached_through(fix, "xenbr0", "eth0");
    destroy_bridge(fix, "xenbr0");
    assert_reached_through(fix, "eth0", "xenbr0");
}

/* The daemon died after it had made the bridge and copied one of the addresses. */
static void test_uplink_resumed(Fixture *fix)
{
    give_address(fix);
    run(fix, "ip link add xenbr0 type bridge");
    run(fix, "ip addr add 10.77.0.2/24 dev xenbr0");
    create_bridge(fix, "xenbr0", 1500, "eth0");
    assert_reached_through(fix, "xenbr0", "eth0");
    destroy_bridge(fix, "xenbr0");
}

/* A bridge cannot be a port of a bridge: the last step but one fails. */
static void test_uplink_rolled_back(Fixture *fix)
{
    Err *err = NULL;
    give_address(fix);
    create_bridge(fix, "xenbr0", 1500, "eth0");
    NwBridge above = {.name = "xapi9", .mtu = 1500, .uplink = "xenbr0", .move_address = true};
    assert_fails(fix->driver->bridge_create(fix->nw, fix->op, &above, &err), &err);
    assert_reached_through(fix, "xenbr0", "xapi9");
    destroy_bridge(fix, "xapi9");
    assert_reached_through(fix, "xenbr0", "xapi9");
    destroy_bridge(fix, "xenbr0");
}

static char *read_pid(const Fixture *fix)
{
    g_autofree char *path = g_build_filename(fix->state_dir, "dhcp.pid", NULL);
    return fd_read_file(path, 64, NULL, NULL);
}

static void test_dhcp(Fixture *fix)
{
    Err *err = NULL;
    create_bridge(fix, "xenapi", 1500, NULL);
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
    destroy_bridge(fix, "xenapi");
    assert_fails(fix->driver->dhcp_start(fix->nw, fix->op, &dhcp, &err), &err);
}

static void test_dhcp_lease(Fixture *fix)
{
    Err *err = NULL;
    NwInterface bridge;
    create_bridge(fix, "xenapi", 1500, NULL);
    run(fix, "ip link set eth0 master xenapi");
    run(fix, "nsenter -t %d -n ip link set far address 02:00:00:00:00:42", fix->outside);
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
    g_assert_true(find_interface(fix, "xenapi", &bridge));
    g_assert_cmpstr(bridge.ipv4, ==, "169.254.0.1");

    run(fix, "nsenter -t %d -n busybox udhcpc -i far -n -q -f -t 20 -T 1 -s /bin/true",
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
    run(fix, "ip link set eth0 nomaster");
    destroy_bridge(fix, "xenapi");
}

static void test_cancelled(Fixture *fix)
{
    g_autoptr(Op) cancelled = op_new(DEADLINE);
    op_cancel(cancelled);
    g_autoptr(Err) err = NULL;
    NwBridge bridge = {.name = "xapi0", .mtu = 1500};
    g_assert_false(fix->driver->bridge_create(fix->nw, cancelled, &bridge, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
    g_assert_false(fix->driver->bridge_exists(fix->nw, "xapi0"));
}

static const struct {
    const char *name;
    void (*func)(Fixture *fix);
    bool needs_real;
} cases[] = {
    {"bridge", test_bridge, false},
    {"interfaces", test_interfaces, false},
    {"port", test_port, false},
    {"dhcp", test_dhcp, false},
    {"cancelled", test_cancelled, false},
    {"port-dies-with-descriptor", test_port_dies_with_descriptor, true},
    {"frames", test_frames, true},
    {"uplink", test_uplink, true},
    {"uplink-resumed", test_uplink_resumed, true},
    {"uplink-rolled-back", test_uplink_rolled_back, true},
    {"dhcp-lease", test_dhcp_lease, true},
};

typedef struct Case {
    const Kind *kind;
    void (*func)(Fixture *fix);
    bool isolated; /* in a namespace of our own */
} Case;

static void run_case(gconstpointer user)
{
    const Case *test = user;
    if (test->kind->is_real && !test->isolated) {
        g_test_skip("needs root, for a network namespace of its own");
        return;
    }
    Fixture fix;
    fixture_start(&fix, test->kind);
    test->func(&fix);
    fixture_stop(&fix);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bool isolated = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            if (cases[i].needs_real && !kinds[k].is_real) {
                continue;
            }
            g_autofree char *path = g_strdup_printf("/nw/%s/%s", kinds[k].name, cases[i].name);
            Case *test = g_new(Case, 1);
            *test = (Case){&kinds[k], cases[i].func, isolated};
            g_test_add_data_func_full(path, test, run_case, g_free);
        }
    }
    return g_test_run();
}
