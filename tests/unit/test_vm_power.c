/* ops/vm: what becomes of a VM when its guest ends, or a hard operation comes, in the middle of
 * something else. */
#include "core/core.h"
#include "core/oplock.h"
#include "gen/db_vm.h"
#include "host_fixture.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_watch.h"

#include <sys/socket.h>

#define WAIT_LIMIT (20 * USEC_PER_SEC)

static void assert_power_state(HostFixture *fixture, Uuid vm, VmPowerState expected)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    g_assert_cmpint(db_vm_power_state(db_snapshot_view(snapshot), (VmRef){vm}), ==, expected);
}

/* Follows an object until the JSON of its field contains the text, or does not any more. */
static void wait_field(HostFixture *fixture, const char *class_name, Uuid ref, const char *field,
                       bool contains, const char *expected)
{
    g_autoptr(Value) token = value_new_string("");
    for (;;) {
        g_autoptr(Value) answer =
            host_fixture_call(fixture, "event.from", "[\"%s/%s\"], \"%s\", 20.0", class_name,
                              REF_TEXT(ref), value_string(token));
        Value *events = value_get(answer, "events");
        g_assert_cmpuint(value_count(events), >, 0); /* else the deadline has passed */
        Value *record = value_get(value_at(events, value_count(events) - 1), "snapshot");
        g_autofree char *text = host_fixture_json(value_get(record, field));
        if (contains == (strstr(text, expected) != NULL)) {
            return;
        }
        value_unref(token);
        token = value_ref(value_get(answer, "token"));
    }
}

/* The fake guest obeys letters on its serial line: 'p' is power-off, 'r' reboot, 'c' crash. */
static void tell_guest(HostFixture *fixture, Uuid vm, char letter)
{
    g_autoptr(Err) err = NULL;
    auto_fd line = platform_hv_driver(fixture->platform)
                       ->console_open(platform_hv(fixture->platform),
                                      host_fixture_domain(fixture, vm), HV_CONSOLE_TEXT, &err);
    assert_ok(line >= 0, err);
    g_assert_cmpint(send(line, &letter, 1, MSG_NOSIGNAL), ==, 1);
}

static void test_guest_ends_by_itself(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = host_fixture_start_vm(fixture);
    tell_guest(fixture, vm, 'p');
    wait_field(fixture, "vm", vm, "power_state", true, "Halted");
    wait_field(fixture, "vm", vm, "current_operations", true, "{}");
    host_fixture_run(fixture, "VM.start", "\"%s\", false, false", REF_TEXT(vm));
    g_autoptr(Value) domid = host_fixture_call(fixture, "VM.get_domid", "\"%s\"", REF_TEXT(vm));
    g_autofree char *old = host_fixture_json(domid);
    tell_guest(fixture, vm, 'r');
    wait_field(fixture, "vm", vm, "domid", false, old);
    wait_field(fixture, "vm", vm, "current_operations", true, "{}");
    assert_power_state(fixture, vm, VM_POWER_STATE_RUNNING);
}

typedef struct Interrupted {
    HostFixture *fixture;
    Uuid vm;
} Interrupted;

/* An operation during which the guest crashes. */
static bool crash_in_operation(Call *call, void *user, Err **err)
{
    const Interrupted *interrupted = user;
    Uuid vm = interrupted->vm;
    if (!oplock_take_one(call, CLASS_VM, vm, "snapshot", err)) {
        return false;
    }
    g_autoptr(Op) op = op_new(WAIT_LIMIT);
    HvExitReason reason;
    tell_guest(interrupted->fixture, vm, 'c');
    bool ok = vm_watch_wait_exit(platform_vm_watch(interrupted->fixture->platform), op,
                                 host_fixture_domain(interrupted->fixture, vm), &reason, err);
    assert_power_state(interrupted->fixture, vm, VM_POWER_STATE_RUNNING);
    oplock_release_one(call, CLASS_VM, vm, "snapshot");
    return ok;
}

static void test_guest_ends_in_operation(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    Interrupted interrupted = {fixture, host_fixture_start_vm(fixture)};
    host_fixture_run(fixture, "VM.set_actions_after_crash", "\"%s\", \"destroy\"",
                     REF_TEXT(interrupted.vm));
    assert_ok(
        core_run_internal(fixture->core, "interrupted", crash_in_operation, &interrupted, &err),
        err);
    wait_field(fixture, "vm", interrupted.vm, "power_state", true, "Halted");
}

/* Its memory is in the image: nothing may boot it anew. */
static void test_end_of_suspended(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = host_fixture_start_vm(fixture);
    g_autoptr(Value) sr = host_fixture_call(
        fixture, "SR.create", "\"%s\", {}, 0, \"sr\", \"\", \"fake\", \"\", false, {}",
        HOST_REF(fixture));
    g_autofree char *no_sr = g_strdup_printf("VM_NO_SUSPEND_SR: [ %s ]", REF_TEXT(vm));
    host_fixture_fails(fixture, no_sr, "VM.suspend", "\"%s\"", REF_TEXT(vm));
    host_fixture_run(fixture, "VM.set_suspend_SR", "\"%s\", \"%s\"", REF_TEXT(vm),
                     REF_TEXT(value_uuid(sr)));
    host_fixture_run(fixture, "VM.suspend", "\"%s\"", REF_TEXT(vm));
    g_autoptr(Value) before =
        host_fixture_call(fixture, "event.from", "[\"vm/%s\"], \"\", 0.0", REF_TEXT(vm));
    HvEvents events = vm_watch_events(platform_vm_watch(fixture->platform));
    events.domain_exited(events.user, host_fixture_domain(fixture, vm), 1, HV_EXIT_CRASH);
    g_autoptr(Value) after = host_fixture_call(fixture, "event.from", "[\"vm/%s\"], \"%s\", 20.0",
                                               REF_TEXT(vm), value_get_string(before, "token"));
    g_assert_cmpuint(value_count(value_get(after, "events")), ==, 1); /* its operation */
    wait_field(fixture, "vm", vm, "current_operations", true, "{}");
    assert_power_state(fixture, vm, VM_POWER_STATE_SUSPENDED);
    host_fixture_run(fixture, "VM.resume", "\"%s\", false, false", REF_TEXT(vm));
    assert_power_state(fixture, vm, VM_POWER_STATE_RUNNING);
}

/* A guest that sleeps does not hear that it should stop. */
static Uuid begin_endless(HostFixture *fixture, const char *method, Uuid vm)
{
    g_autoptr(Err) err = NULL;
    assert_ok(platform_hv_driver(fixture->platform)
                  ->domain_set_paused(platform_hv(fixture->platform), core_op(fixture->core),
                                      host_fixture_domain(fixture, vm), true, &err),
              err);
    g_autoptr(Value) task = host_fixture_call(fixture, method, "\"%s\"", REF_TEXT(vm));
    wait_field(fixture, "vm", vm, "current_operations", true, "clean");
    return value_uuid(task);
}

static void assert_cancelled(HostFixture *fixture, Uuid task)
{
    wait_field(fixture, "task", task, "status", true, "cancelled");
    g_autofree char *expected = g_strdup_printf("[\"TASK_CANCELLED\",\"%s\"]", REF_TEXT(task));
    host_fixture_answers(fixture, expected, "task.get_error_info", "\"%s\"", REF_TEXT(task));
}

static void test_hard_ends_clean(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = host_fixture_start_vm(fixture);
    Uuid task = begin_endless(fixture, "Async.VM.clean_shutdown", vm);
    host_fixture_run(fixture, "VM.hard_shutdown", "\"%s\"", REF_TEXT(vm));
    assert_power_state(fixture, vm, VM_POWER_STATE_HALTED);
    assert_cancelled(fixture, task);

    host_fixture_run(fixture, "VM.start", "\"%s\", false, false", REF_TEXT(vm));
    task = begin_endless(fixture, "Async.VM.clean_reboot", vm);
    host_fixture_run(fixture, "VM.hard_reboot", "\"%s\"", REF_TEXT(vm));
    assert_power_state(fixture, vm, VM_POWER_STATE_RUNNING);
    assert_cancelled(fixture, task);
    host_fixture_answers(fixture, "{}", "VM.get_current_operations", "\"%s\"", REF_TEXT(vm));
}

static void test_cancel(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = host_fixture_start_vm(fixture);
    Uuid task = begin_endless(fixture, "Async.VM.clean_shutdown", vm);
    host_fixture_run(fixture, "task.cancel", "\"%s\"", REF_TEXT(task));
    assert_cancelled(fixture, task);
    assert_power_state(fixture, vm, VM_POWER_STATE_RUNNING);
    host_fixture_answers(fixture, "{}", "VM.get_current_operations", "\"%s\"", REF_TEXT(vm));
}

/* With an operation under way that nobody will end: the daemon's end must not wait for it. */
static void test_end_of_the_daemon(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = host_fixture_start_vm(fixture);
    begin_endless(fixture, "Async.VM.clean_shutdown", vm);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(HostFixture *fixture, gconstpointer data);
    } tests[] = {
        {"/vm-power/guest-ends-by-itself", test_guest_ends_by_itself},
        {"/vm-power/guest-ends-in-operation", test_guest_ends_in_operation},
        {"/vm-power/end-of-suspended", test_end_of_suspended},
        {"/vm-power/hard-ends-clean", test_hard_ends_clean},
        {"/vm-power/cancel", test_cancel},
        {"/vm-power/end-of-the-daemon", test_end_of_the_daemon},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        host_fixture_add(tests[i].path, tests[i].func);
    }
    return g_test_run();
}
