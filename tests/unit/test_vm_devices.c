/* Devices that come and go while something else is done to their VM. */
#include "core/core.h"
#include "host_fixture.h"
#include "ops/vm/vm_devices.h"
#include "ops/vm/vm_turn.h"

typedef struct Devices {
    HostFixture host;
    Uuid vm, vbd, vif;
} Devices;

static Uuid make(Devices *devices, const char *method, const char *json)
{
    g_autoptr(Value) ref = host_fixture_call(&devices->host, method, "%s", json);
    return value_uuid(ref);
}

static void set_up(Devices *devices, gconstpointer data)
{
    (void)data;
    HostFixture *host = &devices->host;
    host_fixture_set_up(host);
    devices->vm = host_fixture_start_vm(host);
    g_autofree char *sr =
        g_strdup_printf("\"%s\", {}, 0, \"sr\", \"\", \"fake\", \"\", false, {}", HOST_REF(host));
    g_autofree char *vdi = g_strdup_printf(
        "{\"SR\": \"%s\", \"virtual_size\": 1048576, \"type\": \"user\", \"sharable\": false,"
        " \"read_only\": false, \"other_config\": {}}",
        REF_TEXT(make(devices, "SR.create", sr)));
    g_autofree char *vbd = g_strdup_printf(
        "{\"VM\": \"%s\", \"VDI\": \"%s\", \"userdevice\": \"0\", \"bootable\": false,"
        " \"mode\": \"RW\", \"type\": \"Disk\", \"empty\": false, \"unpluggable\": true,"
        " \"other_config\": {}, \"qos_algorithm_type\": \"\", \"qos_algorithm_params\": {}}",
        REF_TEXT(devices->vm), REF_TEXT(make(devices, "VDI.create", vdi)));
    devices->vbd = make(devices, "VBD.create", vbd);
    g_autofree char *vif = g_strdup_printf(
        "{\"VM\": \"%s\", \"network\": \"%s\", \"device\": \"0\", \"MAC\": \"\", \"MTU\": 1500,"
        " \"other_config\": {}, \"qos_algorithm_type\": \"\", \"qos_algorithm_params\": {}}",
        REF_TEXT(devices->vm),
        REF_TEXT(make(devices, "network.create",
                      "{\"name_label\": \"inside\", \"MTU\": 1500, \"other_config\": {}}")));
    devices->vif = make(devices, "VIF.create", vif);
}

static void tear_down(Devices *devices, gconstpointer data)
{
    (void)data;
    host_fixture_tear_down(&devices->host);
}

static bool is_operation(const Value *current, const char *op)
{
    return value_count(current) == 1 && strcmp(value_string(value_at(current, 0)), op) == 0;
}

static bool is_false(const Value *value, const char *unused)
{
    (void)unused;
    return !value_bool(value);
}

/* Until `is` likes what the getter says of the object. */
static void wait_field(Devices *devices, const char *class_name, Uuid ref, const char *field,
                       bool (*is)(const Value *value, const char *wanted), const char *wanted)
{
    g_autofree char *get = g_strdup_printf("%s.get_%s", class_name, field);
    g_autoptr(Value) token = value_new_string("");
    for (;;) {
        g_autoptr(Value) answer =
            host_fixture_call(&devices->host, "event.from", "[\"%s\"], \"%s\", 20.0", class_name,
                              value_string(token));
        g_autoptr(Value) now = host_fixture_call(&devices->host, get, "\"%s\"", REF_TEXT(ref));
        if (is(now, wanted)) {
            return;
        }
        g_assert_cmpuint(value_count(value_get(answer, "events")), >, 0);
        value_unref(token);
        token = value_ref(value_get(answer, "token"));
    }
}

static void wait_operation(Devices *devices, const char *class_name, Uuid ref, const char *op)
{
    wait_field(devices, class_name, ref, "current_operations", is_operation, op);
}

static void wait_task(Devices *devices, Uuid task, const char *status)
{
    g_autoptr(Value) token = value_new_string("");
    for (;;) {
        g_autoptr(Value) answer =
            host_fixture_call(&devices->host, "event.from", "[\"task/%s\"], \"%s\", 20.0",
                              REF_TEXT(task), value_string(token));
        g_autoptr(Value) now =
            host_fixture_call(&devices->host, "task.get_status", "\"%s\"", REF_TEXT(task));
        if (strcmp(value_string(now), status) == 0) {
            return;
        }
        g_assert_cmpstr(value_string(now), ==, "pending");
        value_unref(token);
        token = value_ref(value_get(answer, "token"));
    }
}

/* A guest that is paused behind the daemon's back does not shut down when it is asked to. */
static void test_plug_beside_shutdown(Devices *devices, gconstpointer data)
{
    (void)data;
    HostFixture *host = &devices->host;
    g_autoptr(Value) uuid = host_fixture_call(host, "VM.get_uuid", "\"%s\"", REF_TEXT(devices->vm));
    Uuid domain;
    g_assert_true(uuid_parse(value_string(uuid), &domain));
    g_assert_true(platform_hv_driver(host->platform)
                      ->domain_set_paused(platform_hv(host->platform), core_op(host->core), domain,
                                          true, NULL));
    g_autoptr(Value) task =
        host_fixture_call(host, "Async.VM.clean_reboot", "\"%s\"", REF_TEXT(devices->vm));
    wait_operation(devices, "VM", devices->vm, "clean_reboot");
    g_autofree char *busy =
        g_strdup_printf("OTHER_OPERATION_IN_PROGRESS: [ VM; %s; clean_reboot; %s ]",
                        REF_TEXT(devices->vm), REF_TEXT(value_uuid(task)));
    host_fixture_fails(host, busy, "VBD.plug", "\"%s\"", REF_TEXT(devices->vbd));
    host_fixture_fails(host, busy, "VIF.plug", "\"%s\"", REF_TEXT(devices->vif));
    host_fixture_run(host, "task.cancel", "\"%s\"", REF_TEXT(value_uuid(task)));
    wait_task(devices, value_uuid(task), "cancelled");
    host_fixture_run(host, "VBD.plug", "\"%s\"", REF_TEXT(devices->vbd));
    host_fixture_run(host, "VIF.plug", "\"%s\"", REF_TEXT(devices->vif));
}

/* While a plug waits for its turn. */
static bool plug_waits(Call *call, void *user, Err **err)
{
    Devices *devices = user;
    HostFixture *host = &devices->host;
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, (VmRef){devices->vm}, &turn, err)) {
        return false;
    }
    g_autoptr(Value) task =
        host_fixture_call(host, "Async.VBD.plug", "\"%s\"", REF_TEXT(devices->vbd));
    wait_operation(devices, "VBD", devices->vbd, "plug");
    g_autofree char *busy = g_strdup_printf("OTHER_OPERATION_IN_PROGRESS: [ VBD; %s; plug; %s ]",
                                            REF_TEXT(devices->vbd), REF_TEXT(value_uuid(task)));
    host_fixture_fails(host, busy, "VM.pause", "\"%s\"", REF_TEXT(devices->vm));
    host_fixture_fails(host, busy, "VM.assert_operation_valid", "\"%s\", \"suspend\"",
                       REF_TEXT(devices->vm));
    /* What is steady may begin. */
    host_fixture_run(host, "VM.assert_operation_valid", "\"%s\", \"snapshot\"",
                     REF_TEXT(devices->vm));
    /* What is hard ends it. */
    host_fixture_run(host, "VM.hard_reboot", "\"%s\"", REF_TEXT(devices->vm));
    wait_task(devices, value_uuid(task), "cancelled");
    return true;
}

static void test_hard_operation_ends_plug(Devices *devices, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    bool ok = core_run_internal(devices->host.core, "holder", plug_waits, devices, &err);
    assert_ok(ok, err);
    host_fixture_answers(&devices->host, "\"Running\"", "VM.get_power_state", "\"%s\"",
                         REF_TEXT(devices->vm));
}

static bool two_wait(Call *call, void *user, Err **err)
{
    Devices *devices = user;
    g_auto(VmTurn) turn = {0}, again = {0};
    if (!vm_turn_take(call, (VmRef){devices->vm}, &turn, err) ||
        !vm_turn_take(call, (VmRef){devices->vm}, &again, err)) {
        return false;
    }
    g_autoptr(Value) disk =
        host_fixture_call(&devices->host, "Async.VBD.plug", "\"%s\"", REF_TEXT(devices->vbd));
    g_autoptr(Value) nic =
        host_fixture_call(&devices->host, "Async.VIF.plug", "\"%s\"", REF_TEXT(devices->vif));
    wait_operation(devices, "VBD", devices->vbd, "plug");
    wait_operation(devices, "VIF", devices->vif, "plug");
    vm_turn_clear(&again); /* does not give it back */
    vm_turn_clear(&turn);
    wait_task(devices, value_uuid(disk), "success");
    wait_task(devices, value_uuid(nic), "success");
    return true;
}

static void test_plugs_take_turns(Devices *devices, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    bool ok = core_run_internal(devices->host.core, "holder", two_wait, devices, &err);
    assert_ok(ok, err);
    host_fixture_answers(&devices->host, "true", "VBD.get_currently_attached", "\"%s\"",
                         REF_TEXT(devices->vbd));
    host_fixture_answers(&devices->host, "true", "VIF.get_currently_attached", "\"%s\"",
                         REF_TEXT(devices->vif));
}

/* What the domain has, without the daemon knowing. */
typedef struct Behind {
    Uuid domain;
    char *disk, *nic; /* ids */
} Behind;

static void behind_init(Behind *behind, Devices *devices)
{
    HostFixture *host = &devices->host;
    g_autoptr(Value) vm = host_fixture_call(host, "VM.get_uuid", "\"%s\"", REF_TEXT(devices->vm));
    g_autoptr(Value) vbd =
        host_fixture_call(host, "VBD.get_uuid", "\"%s\"", REF_TEXT(devices->vbd));
    g_autoptr(Value) vif =
        host_fixture_call(host, "VIF.get_uuid", "\"%s\"", REF_TEXT(devices->vif));
    g_assert_true(uuid_parse(value_string(vm), &behind->domain));
    behind->disk = g_strdup(value_string(vbd));
    behind->nic = g_strdup(value_string(vif));
}

static void behind_clear(Behind *behind)
{
    g_free(behind->disk);
    g_free(behind->nic);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Behind, behind_clear)

static void behind_plug(const Behind *behind, HostFixture *host)
{
    const HvDriver *driver = platform_hv_driver(host->platform);
    Hv *hv = platform_hv(host->platform);
    const HvDisk disk = {.id = behind->disk, .position = 0};
    const HvNic nic = {.id = behind->nic, .position = 0, .tap_fd = -1};
    g_autoptr(Err) err = NULL;
    assert_ok(driver->disk_plug(hv, core_op(host->core), behind->domain, &disk, &err), err);
    assert_ok(driver->nic_plug(hv, core_op(host->core), behind->domain, &nic, &err), err);
}

static void behind_unplug(const Behind *behind, HostFixture *host)
{
    const HvDriver *driver = platform_hv_driver(host->platform);
    Hv *hv = platform_hv(host->platform);
    Op *op = core_op(host->core);
    g_autoptr(Err) err = NULL;
    assert_ok(driver->disk_unplug(hv, op, behind->domain, behind->disk, false, &err), err);
    assert_ok(driver->nic_unplug(hv, op, behind->domain, behind->nic, false, &err), err);
}

static bool settle(Call *call, void *user, Err **err)
{
    Devices *devices = user;
    return vm_devices_settle(call, (VmRef){devices->vm}, err);
}

static void check_settled(Devices *devices, const char *attached)
{
    HostFixture *host = &devices->host;
    g_autoptr(Err) err = NULL;
    bool ok = core_run_internal(host->core, "adoption", settle, devices, &err);
    assert_ok(ok, err);
    host_fixture_answers(host, attached, "VBD.get_currently_attached", "\"%s\"",
                         REF_TEXT(devices->vbd));
    host_fixture_answers(host, attached, "VIF.get_currently_attached", "\"%s\"",
                         REF_TEXT(devices->vif));
}

/* As when the daemon is killed between the engine's work and its own. */
static void test_domain_is_right(Devices *devices, gconstpointer data)
{
    (void)data;
    g_auto(Behind) behind = {0};
    behind_init(&behind, devices);
    check_settled(devices, "false");
    behind_plug(&behind, &devices->host);
    check_settled(devices, "true");
    host_fixture_answers(&devices->host, "\"xvda\"", "VBD.get_device", "\"%s\"",
                         REF_TEXT(devices->vbd));
    behind_unplug(&behind, &devices->host);
    check_settled(devices, "false");
}

static void test_given_back_late(Devices *devices, gconstpointer data)
{
    (void)data;
    HostFixture *host = &devices->host;
    HvEvents events = vm_watch_events(platform_vm_watch(host->platform));
    g_auto(Behind) behind = {0};
    behind_init(&behind, devices);
    host_fixture_run(host, "VBD.plug", "\"%s\"", REF_TEXT(devices->vbd));
    host_fixture_run(host, "VIF.plug", "\"%s\"", REF_TEXT(devices->vif));
    behind_unplug(&behind, host);
    events.device_left(events.user, behind.domain, behind.disk);
    events.device_left(events.user, behind.domain, behind.nic);
    events.device_left(events.user, behind.domain, "of nobody");
    wait_field(devices, "VBD", devices->vbd, "currently_attached", is_false, NULL);
    wait_field(devices, "VIF", devices->vif, "currently_attached", is_false, NULL);
}

/* It was plugged again before the news of its end was acted upon. */
static void test_given_back_and_plugged(Devices *devices, gconstpointer data)
{
    (void)data;
    HostFixture *host = &devices->host;
    g_auto(Behind) behind = {0};
    behind_init(&behind, devices);
    host_fixture_run(host, "VBD.plug", "\"%s\"", REF_TEXT(devices->vbd));
    vm_devices_left(host->platform, behind.domain, behind.disk);
    host_fixture_answers(host, "true", "VBD.get_currently_attached", "\"%s\"",
                         REF_TEXT(devices->vbd));
    host_fixture_answers(host, "{}", "VBD.get_current_operations", "\"%s\"",
                         REF_TEXT(devices->vbd));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(Devices *devices, gconstpointer data);
    } tests[] = {
        {"/vm-devices/plug-beside-shutdown", test_plug_beside_shutdown},
        {"/vm-devices/hard-operation-ends-plug", test_hard_operation_ends_plug},
        {"/vm-devices/plugs-take-turns", test_plugs_take_turns},
        {"/vm-devices/domain-is-right", test_domain_is_right},
        {"/vm-devices/given-back-late", test_given_back_late},
        {"/vm-devices/given-back-and-plugged", test_given_back_and_plugged},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Devices, NULL, set_up, tests[i].func, tear_down);
    }
    return g_test_run();
}
