/* What is measured on the fake drivers, at times that the test chooses: archives of what runs,
 * their way to disk and back, data sources, and /rrd_updates and its kin. */
#include "front/rrd.h"
#include "host_fixture.h"

#include "gen/db_host.h"
#include "gen/db_host_metrics.h"
#include "ops/metrics/metrics.h"

#include <math.h>

/* A multiple of a day. */
#define START (20000 * 86400.0)

typedef struct Fixture {
    HostFixture host;
    FrontHandlers *handlers;
    HttpServer *server;
    uint16_t port;
    char *session;
    Metrics *metrics;
    double now;
    Uuid vm;
    char *uuid; /* of the VM */
    int line;   /* its serial line */
} Fixture;

/* (owned) */
static char *text(Fixture *fixture, const char *method, const char *ref)
{
    g_autoptr(Value) value = host_fixture_call(&fixture->host, method, "\"%s\"", ref);
    return g_strdup(value_string(value));
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    host_fixture_set_up(&fixture->host);
    fixture->session = g_strdup(REF_TEXT(fixture->host.caller.session));
    fixture->metrics = platform_metrics(fixture->host.platform);
    fixture->now = START;
    fixture->line = -1;
    static const FrontHandler *const handlers[] = {&front_rrd_updates_handler,
                                                   &front_rrd_host_handler, &front_rrd_vm_handler,
                                                   &front_rrd_sr_handler};
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(HttpRoute));
    fixture->handlers = front_handlers_new(fixture->host.core);
    for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
        front_handlers_add(fixture->handlers, handlers[i], routes);
    }
    const HttpServerConfig config = {.pollers = 1, .min_workers = 1};
    fixture->server =
        http_server_new(&config, (HttpRoute *)(void *)routes->data, routes->len, &err);
    assert_ok(fixture->server != NULL, err);
    assert_ok(http_server_listen_tcp(fixture->server, "127.0.0.1", 0, NULL, &fixture->port, &err) &&
                  http_server_start(fixture->server, &err),
              err);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    op_cancel(core_op(fixture->host.core));
    http_server_stop(fixture->server);
    fd_close(&fixture->line);
    front_handlers_free(fixture->handlers);
    http_server_free(fixture->server);
    host_fixture_tear_down(&fixture->host);
    g_free(fixture->session);
    g_free(fixture->uuid);
}

/* A VM that runs, with a disk on a repository and a NIC. */
static void start_vm(Fixture *fixture)
{
    HostFixture *host = &fixture->host;
    g_autoptr(Err) err = NULL;
    fixture->vm = host_fixture_start_vm(host);
    fixture->uuid = text(fixture, "VM.get_uuid", REF_TEXT(fixture->vm));
    Uuid uuid;
    g_assert_true(uuid_parse(fixture->uuid, &uuid));
    fixture->line =
        hv_fake_driver.console_open(platform_hv(host->platform), uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(fixture->line >= 0, err);
}

/* The guest works: a second of its vCPU. It has done so when it answers. */
static void be_busy(Fixture *fixture, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        char answer;
        g_assert_cmpint(write(fixture->line, "b", 1), ==, 1);
        g_assert_cmpint(read(fixture->line, &answer, 1), ==, 1);
        g_assert_cmpint(answer, ==, 'b');
    }
}

static void sample(Fixture *fixture)
{
    metrics_sample(fixture->metrics, fixture->now);
    fixture->now += RRD_STEP;
}

static double query(Fixture *fixture, const char *class_name, const char *ref, const char *name)
{
    g_autofree char *method = g_strdup_printf("%s.query_data_source", class_name);
    g_autoptr(Value) value = host_fixture_call(&fixture->host, method, "\"%s\", \"%s\"", ref, name);
    return value_float(value);
}

static double query_vm(Fixture *fixture, const char *name)
{
    return query(fixture, "VM", REF_TEXT(fixture->vm), name);
}

static double query_host(Fixture *fixture, const char *name)
{
    return query(fixture, "host", HOST_REF(&fixture->host), name);
}

/* The whole answer. (owned) */
static char *get(Fixture *fixture, const char *path)
{
    Stream *stream = net_connect(fixture->port, NULL);
    g_autofree char *request = g_strdup_printf("GET %s%csession_id=%s HTTP/1.0\r\n\r\n", path,
                                               strchr(path, '?') ? '&' : '?', fixture->session);
    net_send(stream, request);
    char *reply = net_read_all(stream);
    stream_free(stream);
    return reply;
}

static void assert_starts(const char *reply, const char *start)
{
    g_autofree char *head = g_strndup(reply, strlen(start));
    g_assert_cmpstr(head, ==, start);
}

static const char *body_of(const char *reply)
{
    const char *end = g_strstr_len(reply, -1, "\r\n\r\n");
    g_assert_nonnull(end);
    return end + strlen("\r\n\r\n");
}

static void write_counters(Fixture *fixture, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void write_counters(Fixture *fixture, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *lines = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *path = host_fixture_path(&fixture->host, "run/networks/counters");
    g_assert_true(g_file_set_contents(path, lines, -1, NULL));
}

static void test_host(Fixture *fixture, gconstpointer data)
{
    (void)data;
    write_counters(fixture, "eth0: 1000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n");
    sample(fixture);
    write_counters(fixture, "eth0: 6000 1 10 0 0 0 0 0 1500 1 20 0 0 0 0 0\n");
    sample(fixture);
    g_assert_cmpfloat(query_host(fixture, "cpu3"), ==, 0);
    g_assert_cmpfloat(query_host(fixture, "cpu_avg"), ==, 0);
    g_assert_cmpfloat(query_host(fixture, "loadavg"), ==, 0.25);
    g_assert_cmpfloat(query_host(fixture, "memory_total_kib"), ==, 64 << 20);
    g_assert_cmpfloat(query_host(fixture, "memory_free_kib"), ==, 64 << 20);
    g_assert_cmpfloat(query_host(fixture, "pif_eth0_rx"), ==, 1000);
    g_assert_cmpfloat(query_host(fixture, "pif_eth0_tx"), ==, 200);
    g_assert_cmpfloat(query_host(fixture, "pif_aggr_rx"), ==, 1000);
#ifndef __SANITIZE_ADDRESS__ /* whose allocator keeps no such count */
    g_assert_cmpfloat(query_host(fixture, "xapi_memory_usage_kib"), >, 0);
#endif
    host_fixture_fails(&fixture->host, "INVALID_VALUE: [ data-source; pif_eth0_rx_errors ]",
                       "host.query_data_source", "\"%s\", \"pif_eth0_rx_errors\"",
                       HOST_REF(&fixture->host));
}

static void test_vm(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    sample(fixture);
    be_busy(fixture, 3);
    sample(fixture);
    g_assert_cmpfloat_with_epsilon(query_vm(fixture, "cpu0"), 0.6, 1e-9);
    g_assert_cmpfloat_with_epsilon(query_vm(fixture, "cpu_usage"), 0.6, 1e-9);
    sample(fixture);
    g_assert_cmpfloat(query_vm(fixture, "cpu0"), ==, 0);
    g_autoptr(Value) target =
        host_fixture_call(&fixture->host, "VM.get_memory_target", "\"%s\"", REF_TEXT(fixture->vm));
    g_assert_cmpfloat(query_vm(fixture, "memory"), >, 0);
    g_assert_cmpfloat(query_vm(fixture, "memory_target"), ==, (double)value_int(target));
    be_busy(fixture, 9); /* more than there is time for */
    sample(fixture);
    g_assert_cmpfloat(query_vm(fixture, "cpu0"), ==, 1);
}

/* Of a paused VM nothing new is known; after a reboot counters begin anew. */
static void test_vm_states(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    const char *vm = REF_TEXT(fixture->vm);
    be_busy(fixture, 5);
    sample(fixture);
    sample(fixture);
    host_fixture_run(&fixture->host, "VM.pause", "\"%s\"", vm);
    sample(fixture);
    g_assert_cmpfloat(query_vm(fixture, "cpu0"), ==, 0);
    host_fixture_run(&fixture->host, "VM.unpause", "\"%s\"", vm);
    be_busy(fixture, 1);
    sample(fixture);
    g_assert_cmpfloat_with_epsilon(query_vm(fixture, "cpu0"), 0.1, 1e-9);
    host_fixture_run(&fixture->host, "VM.hard_reboot", "\"%s\"", vm);
    sample(fixture);
    g_assert_true(isnan(query_vm(fixture, "cpu0")));
    sample(fixture);
    g_assert_cmpfloat(query_vm(fixture, "cpu0"), ==, 0);
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", vm);
    g_autofree char *expected = g_strdup_printf("VM_BAD_POWER_STATE: [ %s; running; halted ]", vm);
    host_fixture_fails(&fixture->host, expected, "VM.query_data_source", "\"%s\", \"cpu0\"", vm);
    host_fixture_fails(&fixture->host, expected, "VM.record_data_source", "\"%s\", \"cpu0\"", vm);
}

static unsigned count_sources(Fixture *fixture, const char *name, bool *ret_enabled)
{
    g_autoptr(Value) sources =
        host_fixture_call(&fixture->host, "VM.get_data_sources", "\"%s\"", REF_TEXT(fixture->vm));
    unsigned count = 0;
    for (unsigned i = 0; i < value_count(sources); i++) {
        const Value *source = value_at(sources, i);
        if (strcmp(value_get_string(source, "name_label"), name) == 0) {
            *ret_enabled = value_bool(value_get(source, "enabled"));
            count++;
        }
    }
    return count;
}

static void test_sources(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    const char *vm = REF_TEXT(fixture->vm);
    g_autoptr(Value) sr = host_fixture_call(&fixture->host, "SR.create",
                                            "\"%s\", {}, 1000000000000, \"store\", \"\", \"fake\", "
                                            "\"user\", false, {}",
                                            HOST_REF(&fixture->host));
    g_autoptr(Value) vdi = host_fixture_call(
        &fixture->host, "VDI.create",
        "{\"SR\": \"%s\", \"virtual_size\": 1073741824, \"type\": \"user\", \"sharable\": false, "
        "\"read_only\": false, \"name_label\": \"d\", \"name_description\": \"\", "
        "\"other_config\": {}}",
        REF_TEXT(value_uuid(sr)));
    g_autoptr(Value) vbd = host_fixture_call(
        &fixture->host, "VBD.create",
        "{\"VM\": \"%s\", \"VDI\": \"%s\", \"userdevice\": \"0\", \"bootable\": false, "
        "\"mode\": \"RW\", \"type\": \"Disk\", \"empty\": false, \"other_config\": {}, "
        "\"qos_algorithm_type\": \"\", \"qos_algorithm_params\": {}}",
        vm, REF_TEXT(value_uuid(vdi)));
    host_fixture_run(&fixture->host, "VBD.plug", "\"%s\"", REF_TEXT(value_uuid(vbd)));
    sample(fixture);
    bool enabled = true;
    g_assert_cmpuint(count_sources(fixture, "vbd_xvda_read_latency", &enabled), ==, 1);
    g_assert_false(enabled);
    host_fixture_run(&fixture->host, "VM.record_data_source", "\"%s\", \"vbd_xvda_read_latency\"",
                     vm);
    host_fixture_run(&fixture->host, "VM.record_data_source", "\"%s\", \"vbd_xvda_read_latency\"",
                     vm);
    g_assert_cmpuint(count_sources(fixture, "vbd_xvda_read_latency", &enabled), ==, 1);
    g_assert_true(enabled);
    be_busy(fixture, 5);
    sample(fixture);
    g_assert_cmpfloat(query_vm(fixture, "vbd_xvda_read"), ==, 16 * 65536);
    g_assert_cmpfloat(query_vm(fixture, "vbd_xvda_write"), ==, 16 * 65536);
    g_assert_cmpfloat(query_vm(fixture, "vbd_xvda_read_latency"), ==, 2000);
    g_autofree char *sr_uuid = text(fixture, "SR.get_uuid", REF_TEXT(value_uuid(sr)));
    g_autofree char *total = g_strdup_printf("io_throughput_total_%.8s", sr_uuid);
    g_autofree char *reads = g_strdup_printf("iops_read_%.8s", sr_uuid);
    g_assert_cmpfloat(query_host(fixture, total), ==, 2);
    g_assert_cmpfloat(query_host(fixture, reads), ==, 16);
    g_assert_cmpfloat(query(fixture, "SR", REF_TEXT(value_uuid(sr)), "size"), >, 0);
    host_fixture_run(&fixture->host, "VM.forget_data_source_archives",
                     "\"%s\", \"vbd_xvda_read_latency\"", vm);
    host_fixture_run(&fixture->host, "VM.forget_data_source_archives", "\"%s\", \"memory\"", vm);
    host_fixture_fails(&fixture->host, "INVALID_VALUE: [ data-source; memory ]",
                       "VM.forget_data_source_archives", "\"%s\", \"memory\"", vm);
    host_fixture_fails(&fixture->host, "INVALID_VALUE: [ data-source; nonsense ]",
                       "VM.record_data_source", "\"%s\", \"nonsense\"", vm);
    sample(fixture);
    g_assert_cmpuint(count_sources(fixture, "vbd_xvda_read_latency", &enabled), ==, 1);
    g_assert_false(enabled);
    g_assert_cmpuint(count_sources(fixture, "memory", &enabled), ==, 1);
    g_assert_true(enabled);
}

/* What a guest sends is what its port receives. */
static void test_nic(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    const char *vm = REF_TEXT(fixture->vm);
    g_autoptr(Value) network =
        host_fixture_call(&fixture->host, "network.create",
                          "{\"name_label\": \"inside\", \"name_description\": \"\", \"MTU\": 1500, "
                          "\"other_config\": {}, \"tags\": []}");
    g_autoptr(Value) vif = host_fixture_call(
        &fixture->host, "VIF.create",
        "{\"VM\": \"%s\", \"network\": \"%s\", \"device\": \"2\", \"MAC\": \"\", \"MTU\": 1500, "
        "\"other_config\": {}, \"qos_algorithm_type\": \"\", \"qos_algorithm_params\": {}}",
        vm, REF_TEXT(value_uuid(network)));
    const char *ref = REF_TEXT(value_uuid(vif));
    host_fixture_run(&fixture->host, "VIF.plug", "\"%s\"", ref);
    g_autofree char *uuid = text(fixture, "VIF.get_uuid", ref);
    g_auto(GStrv) parts = g_strsplit(uuid, "-", -1);
    g_autofree char *digits = g_strjoinv("", parts);
    write_counters(fixture, "tap%.12s: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", digits);
    sample(fixture);
    write_counters(fixture, "tap%.12s: 5000 1 0 0 0 0 0 0 250 1 0 0 0 0 0 0\n", digits);
    sample(fixture);
    g_assert_cmpfloat(query_vm(fixture, "vif_2_tx"), ==, 1000);
    g_assert_cmpfloat(query_vm(fixture, "vif_2_rx"), ==, 50);
}

/* A stopped VM costs nothing in memory, and goes on where it ended. */
static void test_life(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    const char *vm = REF_TEXT(fixture->vm);
    sample(fixture);
    be_busy(fixture, 2);
    sample(fixture);
    g_autofree char *file = g_strdup_printf("state/rrds/%s.gz", fixture->uuid);
    g_autofree char *path = host_fixture_path(&fixture->host, file);
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", vm);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    sample(fixture);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    g_autofree char *all = get(fixture, "/rrd_updates?start=1&json=true");
    g_assert_null(strstr(all, fixture->uuid));
    g_autofree char *request = g_strdup_printf("/vm_rrd?uuid=%s", fixture->uuid);
    g_autofree char *dump = get(fixture, request);
    assert_starts(dump, "HTTP/1.0 200 OK\r\n");
    g_assert_nonnull(strstr(dump, "<name>cpu0</name>"));
    g_assert_nonnull(strstr(dump, "<v>0.4</v>"));
    host_fixture_run(&fixture->host, "VM.start", "\"%s\", false, false", vm);
    fixture->now += 100;
    sample(fixture);
    sample(fixture);
    g_autoptr(Rrd) rrd = metrics_copy(fixture->metrics, fixture->uuid);
    int cpu = rrd_find(rrd, "cpu0");
    g_assert_cmpint(cpu, >=, 0);
    g_assert_cmpfloat_with_epsilon(rrd_get(rrd, 0, RRD_AVERAGE, (unsigned)cpu, (int64_t)START + 5),
                                   0.4, 1e-6);
    g_assert_true(isnan(query_vm(fixture, "cpu0")) || query_vm(fixture, "cpu0") == 0);
}

/* Files that make no sense, or belong to nothing, cost nothing but themselves. */
static void test_damage(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    g_autofree char *dir = host_fixture_path(&fixture->host, "state/rrds");
    g_assert_cmpint(g_mkdir(dir, 0755), ==, 0);
    g_autofree char *path = g_strdup_printf("%s/%s.gz", dir, fixture->uuid);
    g_assert_true(g_file_set_contents(path, "\x1f\x8b nonsense", -1, NULL));
    sample(fixture);
    be_busy(fixture, 1);
    sample(fixture);
    g_assert_cmpfloat_with_epsilon(query_vm(fixture, "cpu0"), 0.2, 1e-9);
    host_fixture_run(&fixture->host, "host.backup_rrds", "\"%s\", 0.0", HOST_REF(&fixture->host));
    fixture->now = (double)g_get_real_time() / (double)USEC_PER_SEC + 10;
    sample(fixture);
    g_autoptr(Rrd) rrd = metrics_copy(fixture->metrics, fixture->uuid);
    g_assert_cmpuint(rrd_count(rrd), >, 3);
    g_autofree char *contents = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    g_assert_cmpuint(length, >, 500);
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", REF_TEXT(fixture->vm));
    host_fixture_run(&fixture->host, "VM.destroy", "\"%s\"", REF_TEXT(fixture->vm));
    sample(fixture);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void test_updates(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    sample(fixture);
    be_busy(fixture, 1);
    sample(fixture);
    sample(fixture);
    g_autofree char *path = g_strdup_printf(
        "/rrd_updates?start=%.0f&cf=AVERAGE&interval=5&vm_uuid=%s&json=true", START, fixture->uuid);
    g_autofree char *json = get(fixture, path);
    assert_starts(json, "HTTP/1.0 200 OK\r\n");
    g_assert_nonnull(strstr(json, "content-type: application/json\r\n"));
    g_assert_nonnull(strstr(json, "access-control-allow-origin: *\r\n"));
    g_assert_nonnull(strstr(json, "content-length: "));
    g_autofree char *meta = g_strdup_printf(
        "{\"meta\":{\"start\":%.0f,\"step\":5,\"end\":%.0f,\"rows\":2,\"columns\":4,"
        "\"legend\":[\"AVERAGE:vm:%s:cpu0\",\"AVERAGE:vm:%s:cpu_usage\",\"AVERAGE:vm:%s:memory\","
        "\"AVERAGE:vm:%s:memory_target\"]},\"data\":[{\"t\":%.0f,\"values\":[0.0,0.0,",
        START + 5, START + 10, fixture->uuid, fixture->uuid, fixture->uuid, fixture->uuid,
        START + 10);
    assert_starts(body_of(json), meta);
    g_assert_nonnull(strstr(json, "\"values\":[0.2,0.2,"));
    g_autoptr(Value) parsed = json_parse(body_of(json), strlen(body_of(json)), NULL);
    g_assert_nonnull(parsed);

    g_autofree char *all = g_strdup_printf("/rrd_updates?start=%.0f&host=true", START);
    g_autofree char *xml = get(fixture, all);
    g_assert_nonnull(strstr(xml, "content-type: text/xml\r\n"));
    g_assert_nonnull(strstr(body_of(xml), "<entry>AVERAGE:host:"));
    g_assert_nonnull(strstr(body_of(xml), ":memory_total_kib</entry>"));
    g_assert_nonnull(strstr(body_of(xml), fixture->uuid));
    g_autofree char *guests = g_strdup_printf("/rrd_updates?start=%.0f&host=false", START);
    g_autofree char *without = get(fixture, guests);
    g_assert_null(strstr(body_of(without), "AVERAGE:host:"));
    g_autofree char *extremes = get(fixture, "/rrd_updates?start=-60&cf=MAX&interval=60&host=true");
    g_assert_nonnull(strstr(body_of(extremes), "<entry>MAX:host:"));
    g_assert_null(strstr(body_of(extremes), "AVERAGE"));
}

static void test_dumps(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    sample(fixture);
    sample(fixture);
    g_autofree char *host = get(fixture, "/host_rrd");
    assert_starts(body_of(host), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rrd>"
                                 "<version>0003</version><step>5</step>");
    g_assert_nonnull(strstr(host, "<cf>MIN</cf>"));
    g_assert_true(g_str_has_suffix(host, "</rrd>"));
    g_autofree char *json = get(fixture, "/host_rrd?json=true");
    g_autoptr(Value) parsed = json_parse(body_of(json), strlen(body_of(json)), NULL);
    g_assert_cmpstr(value_get_string(parsed, "version"), ==, "0003");
    g_autofree char *path = g_strdup_printf("/vm_rrd?uuid=%s", fixture->uuid);
    g_autofree char *vm = get(fixture, path);
    g_assert_null(strstr(vm, "<cf>MIN</cf>"));
    g_assert_nonnull(strstr(vm, "<name>memory</name>"));
}

/* "HTTP/1.x 404 Not Found" */
static void assert_status(Fixture *fixture, const char *path, int status)
{
    g_autofree char *reply = get(fixture, path);
    g_auto(GStrv) words = g_strsplit(reply, " ", 3);
    g_autofree char *expected = g_strdup_printf("%d", status);
    g_assert_cmpstr(words[1], ==, expected);
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_status(fixture, "/rrd_updates", 400);
    assert_status(fixture, "/rrd_updates?start=x", 400);
    assert_status(fixture, "/rrd_updates?start=1&interval=x", 400);
    assert_status(fixture, "/vm_rrd", 400);
    assert_status(fixture, "/vm_rrd?uuid=nonsense", 404);
    assert_status(fixture, "/vm_rrd?uuid=11111111-2222-4333-8444-555555555555", 404);
    assert_status(fixture, "/sr_rrd", 400);
    assert_status(fixture, "/sr_rrd?uuid=11111111-2222-4333-8444-555555555555", 500);
    g_free(fixture->session);
    fixture->session = g_strdup("OpaqueRef:NULL");
    assert_status(fixture, "/rrd_updates?start=1", 401);
    assert_status(fixture, "/host_rrd", 401);
}

/* The database tells what is measured, where it has fields for it. */
static void test_rows(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    sample(fixture);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->host.db);
    const DbView *view = db_snapshot_view(snapshot);
    HostMetricsRef metrics = db_host_metrics(view, platform_host(fixture->host.platform));
    g_assert_cmpint(db_host_metrics_memory_total(view, metrics), ==, INT64_C(64) << 30);
    g_assert_cmpint(db_host_metrics_memory_free(view, metrics), <, INT64_C(64) << 30);
}

static unsigned count_alarms(Fixture *fixture, const char *obj_uuid, char **ret_body)
{
    g_autoptr(Value) messages =
        host_fixture_call(&fixture->host, "message.get_all_records", "%s", "");
    unsigned count = 0;
    for (unsigned i = 0; i < value_count(messages); i++) {
        const Value *message = value_at(messages, i);
        if (strcmp(value_get_string(message, "name"), "ALARM") == 0 &&
            strcmp(value_get_string(message, "obj_uuid"), obj_uuid) == 0) {
            g_free(*ret_body);
            *ret_body = g_strdup(value_get_string(message, "body"));
            count++;
        }
    }
    return count;
}

/* Bad for a minute is an alarm, and then there is an hour of silence; good in between counts. */
static void test_alarm(Fixture *fixture, gconstpointer data)
{
    (void)data;
    start_vm(fixture);
    g_autofree char *body = NULL;
    host_fixture_run(&fixture->host, "VM.add_to_other_config",
                     "\"%s\", \"perfmon\", \"<config><variable><name value='cpu_usage'/>"
                     "<alarm_trigger_level value='0.15'/><alarm_priority value='2'/></variable>"
                     "</config>\"",
                     REF_TEXT(fixture->vm));
    sample(fixture);
    for (unsigned i = 0; i < 11; i++) {
        be_busy(fixture, 1);
        sample(fixture);
    }
    sample(fixture);
    for (unsigned i = 0; i < 11; i++) {
        be_busy(fixture, 1);
        sample(fixture);
    }
    g_assert_cmpuint(count_alarms(fixture, fixture->uuid, &body), ==, 0);
    be_busy(fixture, 1);
    sample(fixture);
    g_assert_cmpuint(count_alarms(fixture, fixture->uuid, &body), ==, 1);
    g_assert_cmpstr(body, ==,
                    "value: 0.200000\nconfig:\n<variable>\n\t<name value=\"cpu_usage\"/>\n"
                    "\t<alarm_trigger_level value=\"0.15\"/>\n\t<alarm_priority value=\"2\"/>\n"
                    "</variable>\n");
    for (unsigned i = 0; i < 700; i++) {
        be_busy(fixture, 1);
        sample(fixture);
    }
    g_assert_cmpuint(count_alarms(fixture, fixture->uuid, &body), ==, 1);
    for (unsigned i = 0; i < 30; i++) {
        be_busy(fixture, 1);
        sample(fixture);
    }
    g_assert_cmpuint(count_alarms(fixture, fixture->uuid, &body), ==, 2);
}

/* Hosts have other variables, and settings that make no sense watch nothing. */
static void test_host_alarm(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *host = HOST_REF(&fixture->host);
    g_autofree char *uuid = text(fixture, "host.get_uuid", host);
    g_autofree char *body = NULL;
    host_fixture_run(&fixture->host, "host.add_to_other_config",
                     "\"%s\", \"perfmon\", \"<config><variable><name value='memory_free_kib'/>"
                     "<alarm_trigger_level value='1e12'/><alarm_trigger_period value='5'/>"
                     "</variable><variable><name value='cpu_usage'/>"
                     "<alarm_trigger_level value='0.5'/></variable></config>\"",
                     host);
    sample(fixture);
    g_assert_cmpuint(count_alarms(fixture, uuid, &body), ==, 1);
    g_assert_true(g_str_has_prefix(body, "value: 67108864.000000\nconfig:\n"));
    host_fixture_run(&fixture->host, "host.remove_from_other_config", "\"%s\", \"perfmon\"", host);
    host_fixture_run(&fixture->host, "host.add_to_other_config",
                     "\"%s\", \"perfmon\", \"<config><variable>\"", host);
    for (unsigned i = 0; i < 20; i++) {
        sample(fixture);
    }
    g_assert_cmpuint(count_alarms(fixture, uuid, &body), ==, 1);
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/metrics/host", test_host);
    ADD("/metrics/vm", test_vm);
    ADD("/metrics/vm-states", test_vm_states);
    ADD("/metrics/sources", test_sources);
    ADD("/metrics/nic", test_nic);
    ADD("/metrics/life", test_life);
    ADD("/metrics/damage", test_damage);
    ADD("/metrics/updates", test_updates);
    ADD("/metrics/dumps", test_dumps);
    ADD("/metrics/refused", test_refused);
    ADD("/metrics/rows", test_rows);
    ADD("/metrics/alarm", test_alarm);
    ADD("/metrics/host-alarm", test_host_alarm);
    return g_test_run();
}
