/* ops/vif: what the driver is told about a VIF when its VM starts and when its settings change. */
#include "gen/db_vif.h"
#include "host_fixture.h"

/* The last port that the driver was given. */
typedef struct Told {
    unsigned attached, changed, detached;
    char bridge[NW_NAME_SIZE], mac[18], ipv4[64], ipv6[64];
    unsigned mtu;
    NwLocking locking;
    uint64_t rate;
    bool refuse; /* changes */
} Told;

static Told told; /* the driver has no place for it */

static void remember(const NwPort *port)
{
    static const char *const none[] = {NULL};
    const char *const *ipv4 = port->policy.ipv4 ? port->policy.ipv4 : none;
    const char *const *ipv6 = port->policy.ipv6 ? port->policy.ipv6 : none;
    g_autofree char *ipv4_text = g_strjoinv(" ", (char **)ipv4);
    g_autofree char *ipv6_text = g_strjoinv(" ", (char **)ipv6);
    g_strlcpy(told.bridge, port->bridge, sizeof told.bridge);
    g_strlcpy(told.mac, port->policy.mac, sizeof told.mac);
    g_strlcpy(told.ipv4, ipv4_text, sizeof told.ipv4);
    g_strlcpy(told.ipv6, ipv6_text, sizeof told.ipv6);
    told.mtu = port->mtu;
    told.locking = port->policy.locking;
    told.rate = port->policy.rate;
}

static bool port_attach(Nw *nw, Op *op, const NwPort *port, int *ret_tap_fd, Err **err)
{
    told.attached++;
    remember(port);
    return nw_fake_driver.port_attach(nw, op, port, ret_tap_fd, err);
}

static bool port_change(Nw *nw, Op *op, const NwPort *port, Err **err)
{
    if (told.refuse) {
        return err_internal(err, "refused");
    }
    told.changed++;
    remember(port);
    return nw_fake_driver.port_change(nw, op, port, err);
}

static bool port_detach(Nw *nw, Op *op, const char *name, Err **err)
{
    told.detached++;
    return nw_fake_driver.port_detach(nw, op, name, err);
}

typedef struct Fixture {
    HostFixture host;
    NwDriver driver;
    Uuid vm, network, vif;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    told = (Told){0};
    fixture->driver = nw_fake_driver;
    fixture->driver.port_attach = port_attach;
    fixture->driver.port_change = port_change;
    fixture->driver.port_detach = port_detach;
    fixture->host.nw = &fixture->driver;
    host_fixture_set_up(&fixture->host);
    fixture->vm = host_fixture_start_vm(&fixture->host);
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", REF_TEXT(fixture->vm));
    g_autoptr(Value) network = host_fixture_call(&fixture->host, "network.create",
                                                 "{\"name_label\": \"inside\", \"MTU\": 1400, "
                                                 "\"bridge\": \"inside\", \"other_config\": {}}");
    fixture->network = value_uuid(network);
    g_autoptr(Value) vif = host_fixture_call(
        &fixture->host, "VIF.create",
        "{\"VM\": \"%s\", \"network\": \"%s\", \"device\": \"0\", \"MAC\": \"02:00:00:00:00:01\","
        " \"MTU\": 0, \"other_config\": {}, \"qos_algorithm_type\": \"\","
        " \"qos_algorithm_params\": {}}",
        REF_TEXT(fixture->vm), REF_TEXT(fixture->network));
    fixture->vif = value_uuid(vif);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_tear_down(&fixture->host);
}

/* A message to the VIF with one more parameter, as JSON. */
static void set(Fixture *fixture, const char *method, const char *value)
{
    host_fixture_run(&fixture->host, method, "\"%s\", %s", REF_TEXT(fixture->vif), value);
}

static void start(Fixture *fixture)
{
    host_fixture_run(&fixture->host, "VM.start", "\"%s\", false, false", REF_TEXT(fixture->vm));
}

static void test_start(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set(fixture, "VIF.set_locking_mode", "\"locked\"");
    set(fixture, "VIF.set_ipv4_allowed", "[\"10.0.0.1\", \"10.0.0.2\"]");
    set(fixture, "VIF.set_ipv6_allowed", "[\"::1\"]");
    set(fixture, "VIF.set_qos_algorithm_type", "\"ratelimit\"");
    set(fixture, "VIF.set_qos_algorithm_params", "{\"kbps\": \"100\"}");
    start(fixture);
    g_assert_cmpuint(told.attached, ==, 1);
    g_assert_cmpstr(told.bridge, ==, "inside");
    g_assert_cmpuint(told.mtu, ==, 1400);
    g_assert_cmpint(told.locking, ==, NW_LOCKED);
    g_assert_cmpstr(told.mac, ==, "02:00:00:00:00:01");
    g_assert_cmpstr(told.ipv4, ==, "10.0.0.1 10.0.0.2");
    g_assert_cmpstr(told.ipv6, ==, "::1");
    g_assert_cmpuint(told.rate, ==, 102400);
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", REF_TEXT(fixture->vm));
    g_assert_cmpuint(told.detached, >, 0);
}

static void test_changes_reach_the_port(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start(fixture);
    g_assert_cmpint(told.locking, ==, NW_UNLOCKED);
    set(fixture, "VIF.set_locking_mode", "\"disabled\"");
    g_assert_cmpint(told.locking, ==, NW_DISABLED);
    set(fixture, "VIF.add_ipv4_allowed", "\"10.0.0.1\"");
    g_assert_cmpstr(told.ipv4, ==, "10.0.0.1");
    set(fixture, "VIF.set_qos_algorithm_params", "{\"kbps\": \"7\"}");
    g_assert_cmpuint(told.rate, ==, 0);
    set(fixture, "VIF.set_qos_algorithm_type", "\"ratelimit\"");
    g_assert_cmpuint(told.rate, ==, 7168);
    set(fixture, "VIF.remove_from_qos_algorithm_params", "\"kbps\"");
    g_assert_cmpuint(told.rate, ==, 0);
    g_autoptr(Value) other =
        host_fixture_call(&fixture->host, "network.create",
                          "{\"name_label\": \"x\", \"MTU\": 1300, \"bridge\": \"elsewhere\","
                          " \"other_config\": {}}");
    g_autofree char *json = host_fixture_json(other);
    set(fixture, "VIF.move", json);
    g_assert_cmpstr(told.bridge, ==, "elsewhere");
    g_assert_cmpuint(told.mtu, ==, 1300);
    g_assert_cmpuint(told.attached, ==, 1);
}

/* What could not be done is not written down. */
static void test_refused_changes(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start(fixture);
    told.refuse = true;
    static const char *const changes[][2] = {
        {"VIF.set_locking_mode", "\"locked\""},
        {"VIF.set_ipv4_allowed", "[\"10.0.0.1\"]"},
        {"VIF.set_qos_algorithm_type", "\"ratelimit\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        host_fixture_fails(&fixture->host, "INTERNAL_ERROR: [ refused ]", changes[i][0],
                           "\"%s\", %s", REF_TEXT(fixture->vif), changes[i][1]);
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->host.db);
    const DbView *view = db_snapshot_view(snapshot);
    VifRef vif = {fixture->vif};
    g_assert_cmpint(db_vif_locking_mode(view, vif), ==, VIF_LOCKING_MODE_NETWORK_DEFAULT);
    g_assert_cmpuint(value_count(db_vif_ipv4_allowed(view, vif)), ==, 0);
    g_assert_cmpstr(db_vif_qos_algorithm_type(view, vif), ==, "");
}

static void test_own_mtu(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set(fixture, "VIF.set_other_config", "{\"mtu\": \"9000\"}");
    start(fixture);
    g_assert_cmpuint(told.mtu, ==, 9000);
}

static void test_default_of_the_network(Fixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_run(&fixture->host, "network.set_default_locking_mode", "\"%s\", \"disabled\"",
                     REF_TEXT(fixture->network));
    start(fixture);
    g_assert_cmpint(told.locking, ==, NW_DISABLED);
    set(fixture, "VIF.set_locking_mode", "\"unlocked\"");
    g_assert_cmpint(told.locking, ==, NW_UNLOCKED);
}

static void add(const char *path, void (*func)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, func, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/vif-port/start", test_start);
    add("/vif-port/changes-reach-the-port", test_changes_reach_the_port);
    add("/vif-port/refused-changes", test_refused_changes);
    add("/vif-port/own-mtu", test_own_mtu);
    add("/vif-port/default-of-the-network", test_default_of_the_network);
    return g_test_run();
}
