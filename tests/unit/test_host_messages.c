/* What a host, its pool and their kin answer, over the whole way of a call. */
#include "host_fixture.h"

#include "gen/db_gpu_group.h"
#include "gen/db_host.h"
#include "gen/db_pgpu.h"
#include "gen/db_vgpu.h"
#include "net/tls_pem.h"
#include "ops/host/host_certificate.h"
#include "ops/message/alert.h"

static const char OTHER_REF[] = "OpaqueRef:11111111-2222-4333-8444-555555555555";

static void test_enable(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_answers(fixture, "\"\"", "host.disable", "\"%s\"", HOST_REF(fixture));
    host_fixture_answers(fixture, "false", "host.get_enabled", "\"%s\"", HOST_REF(fixture));
    host_fixture_answers(fixture, "\"\"", "host.disable", "\"%s\"", HOST_REF(fixture));
    host_fixture_answers(fixture, "\"\"", "host.enable", "\"%s\"", HOST_REF(fixture));
    host_fixture_answers(fixture, "true", "host.get_enabled", "\"%s\"", HOST_REF(fixture));
    g_autofree char *unknown = g_strdup_printf("HANDLE_INVALID: [ host; %s ]", OTHER_REF);
    host_fixture_fails(fixture, unknown, "host.enable", "\"%s\"", OTHER_REF);
}

static void test_time(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    int64_t before = g_get_real_time() / USEC_PER_SEC;
    g_autoptr(Value) now =
        host_fixture_call(fixture, "host.get_servertime", "\"%s\"", HOST_REF(fixture));
    g_autoptr(Value) local =
        host_fixture_call(fixture, "host.get_server_localtime", "\"%s\"", HOST_REF(fixture));
    g_assert_cmpint(value_datetime(now), >=, before);
    g_autoptr(GDateTime) here = g_date_time_new_now_local();
    int64_t offset = g_date_time_get_utc_offset(here) / USEC_PER_SEC;
    g_assert_cmpint(value_datetime(local), >=, before + offset);
}

static void test_evacuate_empty(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *host = HOST_REF(fixture);
    host_fixture_answers(fixture, "{}", "host.get_vms_which_prevent_evacuation", "\"%s\"", host);
    host_fixture_answers(fixture, "\"\"", "host.assert_can_evacuate", "\"%s\"", host);
    host_fixture_answers(fixture, "\"\"", "host.evacuate", "\"%s\"", host);
    host_fixture_answers(fixture, "[]", "host.get_uncooperative_resident_VMs", "\"%s\"", host);
}

static void test_evacuate_busy(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *host = HOST_REF(fixture);
    const char *vm = REF_TEXT(host_fixture_start_vm(fixture));
    g_autofree char *reasons = g_strdup_printf("{\"%s\":[\"NO_HOSTS_AVAILABLE\",\"%s\"]}", vm, vm);
    host_fixture_answers(fixture, reasons, "host.get_vms_which_prevent_evacuation", "\"%s\"", host);
    g_autofree char *cannot =
        g_strdup_printf("CANNOT_EVACUATE_HOST: [ NO_HOSTS_AVAILABLE,%s ]", vm);
    host_fixture_fails(fixture, cannot, "host.assert_can_evacuate", "\"%s\"", host);
    g_autofree char *nowhere = g_strdup_printf("NO_HOSTS_AVAILABLE: [ %s ]", vm);
    host_fixture_fails(fixture, nowhere, "host.evacuate", "\"%s\"", host);

    host_fixture_run(fixture, "host.disable", "\"%s\"", host);
    g_autofree char *in_use = g_strdup_printf("HOST_IN_USE: [ %s; vm; %s ]", host, vm);
    host_fixture_fails(fixture, in_use, "host.shutdown", "\"%s\"", host);
    host_fixture_fails(fixture, in_use, "host.reboot", "\"%s\"", host);
}

/* A daemon that does not own its machine leaves it alone. */
static void test_machine(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    static const char refusal[] = "OPERATION_NOT_ALLOWED: [ This daemon may not %s; set "
                                  "manage-machine = yes in clearwater.conf to let it ]";
    static const struct {
        const char *method, *params, *what;
    } cases[] = {
        {"host.shutdown", "", "switch the machine off"},
        {"host.reboot", "", "restart the machine"},
        {"host.restart_agent", "", "restart its own service"},
        {"host.set_hostname_live", ", \"good-name\"", "rename the machine"},
        {"host.syslog_reconfigure", "", "set up the machine's syslog"},
        {"host.dmesg_clear", "", "clear the machine's messages"},
    };
    const char *host = HOST_REF(fixture);
    host_fixture_fails(fixture, "HOST_NOT_DISABLED: [  ]", "host.shutdown", "\"%s\"", host);
    host_fixture_run(fixture, "host.disable", "\"%s\"", host);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) halves = g_strsplit(refusal, "%s", 2);
        g_autofree char *expected = g_strconcat(halves[0], cases[i].what, halves[1], NULL);
        host_fixture_fails(fixture, expected, cases[i].method, "\"%s\"%s", host, cases[i].params);
    }
    host_fixture_fails(fixture, "HOST_NAME_INVALID: [ The name is empty ]",
                       "host.set_hostname_live", "\"%s\", \"\"", host);
}

static void test_facts(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *host = HOST_REF(fixture);
    g_autoptr(Value) before =
        host_fixture_call(fixture, "host.compute_free_memory", "\"%s\"", host);
    g_assert_cmpint(value_int(before), >, 0);
    host_fixture_start_vm(fixture);
    g_autoptr(Value) after = host_fixture_call(fixture, "host.compute_free_memory", "\"%s\"", host);
    g_assert_cmpint(value_int(after), <, value_int(before));
    host_fixture_answers(fixture, "false", "host.is_in_emergency_mode", " ");
    host_fixture_answers(fixture, "false", "host.has_extension", "\"%s\", \"x\"", host);
    host_fixture_fails(fixture, "HA_NOT_ENABLED: [  ]", "host.emergency_ha_disable", " ");
    host_fixture_fails(fixture, "INVALID_EDITION: [ gold ]", "host.apply_edition",
                       "\"%s\", \"gold\"", host);
    host_fixture_answers(fixture, "\"\"", "host.apply_edition", "\"%s\", \"free\"", host);
    g_autofree char *live = g_strdup_printf("HOST_IS_LIVE: [ %s ]", host);
    host_fixture_fails(fixture, live, "host.destroy", "\"%s\"", host);
    host_fixture_fails(fixture, live, "host.declare_dead", "\"%s\"", host);

    g_autoptr(Value) methods = host_fixture_call(fixture, "host.list_methods", " ");
    g_autofree char *names = host_fixture_json(methods);
    g_assert_nonnull(strstr(names, "\"VM.start\""));
    g_assert_null(strstr(names, "\"host.tickle_heartbeat\""));
}

static void test_power_on_mode(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *host = HOST_REF(fixture);
    host_fixture_answers(fixture, "\"\"", "host.set_power_on_mode",
                         "\"%s\", \"wake-on-lan\", {\"power_on_ip\": \"10.0.0.1\"}", host);
    host_fixture_answers(fixture, "\"wake-on-lan\"", "host.get_power_on_mode", "\"%s\"", host);
    host_fixture_answers(fixture, "{\"power_on_ip\":\"10.0.0.1\"}", "host.get_power_on_config",
                         "\"%s\"", host);
}

static void test_gpu_group(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    DbTxn *txn = db_begin(fixture->db);
    GpuGroupRef group = db_gpu_group_create(txn);
    PgpuRef card = db_pgpu_create(txn);
    VgpuRef gpu = db_vgpu_create(txn);
    db_pgpu_set_gpu_group(txn, card, group);
    db_vgpu_set_gpu_group(txn, gpu, group);
    db_vgpu_set_currently_attached(txn, gpu, true);
    db_commit(txn, NULL);
    const char *ref = REF_TEXT(group.id);
    g_autofree char *used = g_strdup_printf("GPU_GROUP_CONTAINS_VGPU: [ %s ]", REF_TEXT(gpu.id));
    g_autofree char *full = g_strdup_printf("GPU_GROUP_CONTAINS_PGPU: [ %s ]", REF_TEXT(card.id));
    host_fixture_fails(fixture, used, "GPU_group.destroy", "\"%s\"", ref);
    txn = db_begin(fixture->db);
    db_vgpu_set_currently_attached(txn, gpu, false);
    db_commit(txn, NULL);
    host_fixture_fails(fixture, full, "GPU_group.destroy", "\"%s\"", ref);
    txn = db_begin(fixture->db);
    db_pgpu_delete(txn, card);
    db_commit(txn, NULL);
    host_fixture_answers(fixture, "\"\"", "GPU_group.destroy", "\"%s\"", ref);
    host_fixture_answers(fixture, "[]", "VGPU.get_all", " ");
}

static void write_file(const HostFixture *fixture, const char *name, const char *text, mode_t mode)
{
    g_autofree char *path = host_fixture_path(fixture, name);
    g_autoptr(Err) err = NULL;
    assert_ok(fd_write_file(path, text, strlen(text), mode, &err), err);
}

static void test_certificate(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_autofree char *path = host_fixture_path(fixture, "host.pem");
    bool made = host_certificate_make(path, "host-under-test", "127.0.0.1", &err);
    assert_ok(made, err);
    g_autofree char *file = fd_read_file(path, TLS_PEM_MAX_BYTES, NULL, NULL);
    g_autoptr(Value) answer =
        host_fixture_call(fixture, "host.get_server_certificate", "\"%s\"", HOST_REF(fixture));
    const char *pem = value_string(answer);
    g_assert_true(g_str_has_prefix(pem, "-----BEGIN CERTIFICATE-----\n"));
    g_assert_true(g_str_has_suffix(pem, "-----END CERTIFICATE-----\n"));
    g_assert_nonnull(strstr(file, pem));
    write_file(fixture, "host.pem", "not a certificate", 0600);
    host_fixture_fails(fixture, "CERTIFICATE_LIBRARY_CORRUPT: [  ]", "host.get_server_certificate",
                       "\"%s\"", HOST_REF(fixture));
}

static void test_plugin(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *host = HOST_REF(fixture);
    write_file(fixture, "plugins/good",
               "#!/bin/sh\ncase \"$1\" in *'<methodName>greet</methodName>'*'<name>who</name>"
               "<value>you</value>'*) answer=hello;; *) answer=\"$1\";; esac\n"
               "echo \"<?xml version='1.0'?><methodResponse><params><param><value><struct>"
               "<member><name>Status</name><value><string>Success</string></value></member>"
               "<member><name>Value</name><value><string>$answer</string></value></member>"
               "</struct></value></param></params></methodResponse>\"\n",
               0755);
    write_file(fixture, "plugins/bad", "#!/bin/sh\necho out\necho why >&2\nexit 3\n", 0755);
    write_file(fixture, "plugins/mute", "#!/bin/sh\n", 0755);
    write_file(fixture, "plugins/data", "not a program\n", 0644);

    host_fixture_answers(fixture, "\"hello\"", "host.call_plugin",
                         "\"%s\", \"good\", \"greet\", {\"who\": \"you\"}", host);
    host_fixture_fails(fixture, "XENAPI_PLUGIN_FAILURE: [ non-zero exit; out\n; why\n ]",
                       "host.call_plugin", "\"%s\", \"bad\", \"f\", {}", host);
    host_fixture_fails(fixture, "XENAPI_PLUGIN_FAILURE: [ unexpected answer; ;  ]",
                       "host.call_plugin", "\"%s\", \"mute\", \"f\", {}", host);
    static const char *const missing[] = {"none", "data", "", ".", "..", "../plugins/good"};
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
        g_autofree char *expected = g_strdup_printf("XENAPI_MISSING_PLUGIN: [ %s ]", missing[i]);
        host_fixture_fails(fixture, expected, "host.call_plugin", "\"%s\", \"%s\", \"f\", {}", host,
                           missing[i]);
    }
}

static void test_log(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    GString *text = g_string_new(NULL);
    while (text->len < 300 * 1024) {
        g_string_append(text, "a line of the log\n");
    }
    g_string_append(text, "the last one \xff\n");
    write_file(fixture, "log/clearwater.log", text->str, 0644);
    g_string_free(text, TRUE);
    g_autoptr(Value) log = host_fixture_call(fixture, "host.get_log", "\"%s\"", HOST_REF(fixture));
    g_assert_cmpuint(value_string_length(log), <=, 256 * 1024 + 2);
    g_assert_true(g_utf8_validate(value_string(log), -1, NULL));
    g_assert_nonnull(strstr(value_string(log), "the last one"));
}

static void test_pool(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *host = HOST_REF(fixture);
    const char *pool = POOL_REF(fixture);
    host_fixture_answers(fixture, "false", "pool.is_slave", "\"%s\"", host);
    host_fixture_answers(fixture, "[]", "pool.recover_slaves", " ");
    host_fixture_answers(fixture, "\"\"", "pool.sync_database", " ");
    host_fixture_answers(fixture, "\"\"", "pool.designate_new_master", "\"%s\"", host);
    host_fixture_fails(fixture, "HA_NOT_ENABLED: [  ]", "pool.disable_ha", " ");
    host_fixture_fails(fixture, "WLB_NOT_INITIALIZED: [  ]", "pool.deconfigure_wlb", " ");
    host_fixture_answers(fixture, "[]", "pool.certificate_list", " ");
    host_fixture_fails(fixture, "CERTIFICATE_DOES_NOT_EXIST: [ a.pem ]",
                       "pool.certificate_uninstall", "\"a.pem\"");
    host_fixture_fails(fixture, "CERTIFICATE_NAME_INVALID: [ ../a ]", "pool.certificate_uninstall",
                       "\"../a\"");
    host_fixture_fails(fixture, "CRL_DOES_NOT_EXIST: [ a.pem ]", "pool.crl_uninstall", "\"a.pem\"");
    host_fixture_answers(fixture, "{\"edition\":\"free\",\"expiry\":\"20991231T23:59:59Z\"}",
                         "pool.get_license_state", "\"%s\"", pool);
    host_fixture_answers(fixture, "\"\"", "pool.set_vswitch_controller", "\"\"");
    host_fixture_fails(fixture,
                       "OPERATION_NOT_ALLOWED: [ The network backend of this pool has no "
                       "controller ]",
                       "pool.set_vswitch_controller", "\"10.0.0.1\"");
}

static void test_default_sr(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *pool = POOL_REF(fixture);
    g_autofree char *unknown = g_strdup_printf("HANDLE_INVALID: [ SR; %s ]", OTHER_REF);
    static const char *const setters[] = {"pool.set_default_SR", "pool.set_suspend_image_SR",
                                          "pool.set_crash_dump_SR"};
    for (size_t i = 0; i < G_N_ELEMENTS(setters); i++) {
        host_fixture_fails(fixture, unknown, setters[i], "\"%s\", \"%s\"", pool, OTHER_REF);
        host_fixture_answers(fixture, "\"\"", setters[i], "\"%s\", \"OpaqueRef:NULL\"", pool);
    }
    host_fixture_fails(fixture, unknown, "host.set_crash_dump_sr", "\"%s\", \"%s\"",
                       HOST_REF(fixture), OTHER_REF);
}

static void test_message(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *host = NULL;
    {
        g_autoptr(Value) uuid =
            host_fixture_call(fixture, "host.get_uuid", "\"%s\"", HOST_REF(fixture));
        host = g_strdup(value_string(uuid));
    }
    g_autoptr(Value) message = host_fixture_call(fixture, "message.create",
                                                 "\"TEST\", 3, \"Host\", \"%s\", \"body\"", host);
    const char *ref = REF_TEXT(value_uuid(message));
    g_autoptr(Value) record = host_fixture_call(fixture, "message.get_record", "\"%s\"", ref);
    g_assert_cmpstr(value_get_string(record, "name"), ==, "TEST");
    g_assert_cmpstr(value_get_string(record, "cls"), ==, "Host");
    g_assert_cmpint(value_int(value_get(record, "priority")), ==, 3);

    g_autoptr(Value) of_host =
        host_fixture_call(fixture, "message.get", "\"Host\", \"%s\", \"19700101T00:00:00Z\"", host);
    g_assert_cmpuint(value_count(of_host), ==, 1);
    g_assert_cmpstr(value_name_at(of_host, 0), ==, ref);
    host_fixture_answers(fixture, "{}", "message.get", "\"VM\", \"%s\", \"19700101T00:00:00Z\"",
                         host);
    host_fixture_answers(fixture, "{}", "message.get_since", "\"20991231T00:00:00Z\"");

    g_autofree char *wrong = g_strdup_printf("UUID_INVALID: [ VM; %s ]", host);
    host_fixture_fails(fixture, wrong, "message.create", "\"TEST\", 3, \"VM\", \"%s\", \"\"", host);
    g_autofree char *gone = g_strdup_printf("HANDLE_INVALID: [ message; %s ]", OTHER_REF);
    host_fixture_fails(fixture, gone, "message.destroy_many", "[\"%s\", \"%s\"]", ref, OTHER_REF);
    host_fixture_answers(fixture, "\"\"", "message.destroy", "\"%s\"", ref);
    host_fixture_answers(fixture, "{}", "message.get", "\"Host\", \"%s\", \"19700101T00:00:00Z\"",
                         host);
}

static void test_message_limit(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const Alert alert = {.name = "MANY", .cls = CLS_HOST, .obj_uuid = "", .body = ""};
    g_autoptr(Err) err = NULL;
    DbTxn *txn = db_begin(fixture->db);
    for (int i = 0; i < ALERT_MAX_KEPT; i++) {
        alert_write(txn, &alert);
    }
    g_assert_cmpuint(db_count(db_txn_view(txn), CLASS_MESSAGE), ==, ALERT_MAX_KEPT);
    MessageRef last = alert_write(txn, &alert);
    g_assert_cmpuint(db_count(db_txn_view(txn), CLASS_MESSAGE), <, ALERT_MAX_KEPT);
    g_assert_nonnull(db_find(db_txn_view(txn), CLASS_MESSAGE, last.id));
    assert_ok(db_commit(txn, &err), err);
}

static void test_secret(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    static const char uuid[] = "00000000-1111-4222-8333-444444444444";
    g_autoptr(Value) secret = host_fixture_call(fixture, "secret.introduce",
                                                "\"%s\", \"swordfish\", {\"k\": \"v\"}", uuid);
    host_fixture_answers(fixture, "\"swordfish\"", "secret.get_value", "\"%s\"",
                         REF_TEXT(value_uuid(secret)));
    host_fixture_fails(fixture,
                       "DB_UNIQUENESS_CONSTRAINT_VIOLATION: [ secret; uuid; "
                       "00000000-1111-4222-8333-444444444444 ]",
                       "secret.introduce", "\"%s\", \"x\", {}", uuid);
    host_fixture_fails(fixture, "UUID_INVALID: [ secret; none ]", "secret.introduce",
                       "\"none\", \"x\", {}");
}

static void test_subject(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    static const char record[] = "{\"subject_identifier\": \"S-1\", \"other_config\": {}}";
    g_autoptr(Value) subject = host_fixture_call(fixture, "subject.create", "%s", record);
    const char *ref = REF_TEXT(value_uuid(subject));
    const char *role = REF_TEXT(uuid_from_md5("read-only"));
    const char *permission = REF_TEXT(uuid_from_md5("VM.start"));
    host_fixture_fails(fixture, "SUBJECT_ALREADY_EXISTS: [  ]", "subject.create", "%s", record);
    host_fixture_answers(fixture, "[]", "subject.get_permissions_name_label", "\"%s\"", ref);
    host_fixture_answers(fixture, "\"\"", "subject.add_to_roles", "\"%s\", \"%s\"", ref, role);
    host_fixture_fails(fixture, "ROLE_ALREADY_EXISTS: [  ]", "subject.add_to_roles",
                       "\"%s\", \"%s\"", ref, role);
    host_fixture_fails(fixture, "ROLE_NOT_FOUND: [  ]", "subject.add_to_roles", "\"%s\", \"%s\"",
                       ref, permission);
    g_autoptr(Value) names =
        host_fixture_call(fixture, "subject.get_permissions_name_label", "\"%s\"", ref);
    g_autofree char *text = host_fixture_json(names);
    g_assert_nonnull(strstr(text, "\"vm.get_record\""));
    g_assert_null(strstr(text, "\"vm.start\""));
    host_fixture_answers(fixture, "\"\"", "subject.remove_from_roles", "\"%s\", \"%s\"", ref, role);
    host_fixture_fails(fixture, "ROLE_NOT_FOUND: [  ]", "subject.remove_from_roles",
                       "\"%s\", \"%s\"", ref, role);
    host_fixture_answers(fixture, "\"\"", "subject.destroy", "\"%s\"", ref);
}

static void test_role(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *operator_role = REF_TEXT(uuid_from_md5("vm-operator"));
    g_autoptr(Value) roles =
        host_fixture_call(fixture, "role.get_by_permission_name_label", "\"vm.start\"");
    g_autoptr(Value) same = host_fixture_call(fixture, "role.get_by_permission", "\"%s\"",
                                              REF_TEXT(uuid_from_md5("VM.start")));
    g_autofree char *text = host_fixture_json(roles);
    g_assert_true(value_equal(roles, same));
    g_assert_nonnull(strstr(text, operator_role));
    g_assert_null(strstr(text, REF_TEXT(uuid_from_md5("read-only"))));
    host_fixture_answers(fixture, "[]", "role.get_by_permission_name_label", "\"vm.fly\"");
    g_autoptr(Value) refs =
        host_fixture_call(fixture, "role.get_permissions", "\"%s\"", operator_role);
    g_autoptr(Value) names =
        host_fixture_call(fixture, "role.get_permissions_name_label", "\"%s\"", operator_role);
    g_assert_cmpuint(value_count(refs), ==, value_count(names));
    g_assert_cmpuint(value_count(refs), >, 0);
}

static void test_others(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_fails(fixture, "SUBJECT_CANNOT_BE_RESOLVED: [  ]", "auth.get_subject_identifier",
                       "\"somebody\"");
    g_autofree char *gone = g_strdup_printf("HANDLE_INVALID: [ console; %s ]", OTHER_REF);
    host_fixture_fails(fixture, gone, "console.destroy", "\"%s\"", OTHER_REF);
    host_fixture_fails(fixture, "OPERATION_NOT_ALLOWED: [ Consoles come with the VMs that run ]",
                       "console.create", "{\"other_config\": {}}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    host_fixture_add("/host/enable", test_enable);
    host_fixture_add("/host/time", test_time);
    host_fixture_add("/host/evacuate-empty", test_evacuate_empty);
    host_fixture_add("/host/evacuate-busy", test_evacuate_busy);
    host_fixture_add("/host/machine", test_machine);
    host_fixture_add("/host/facts", test_facts);
    host_fixture_add("/host/power-on-mode", test_power_on_mode);
    host_fixture_add("/host/gpu-group", test_gpu_group);
    host_fixture_add("/host/certificate", test_certificate);
    host_fixture_add("/host/plugin", test_plugin);
    host_fixture_add("/host/log", test_log);
    host_fixture_add("/pool/single", test_pool);
    host_fixture_add("/pool/default-sr", test_default_sr);
    host_fixture_add("/message/life", test_message);
    host_fixture_add("/message/limit", test_message_limit);
    host_fixture_add("/secret/introduce", test_secret);
    host_fixture_add("/subject/roles", test_subject);
    host_fixture_add("/role/queries", test_role);
    host_fixture_add("/others", test_others);
    return g_test_run();
}
