/* Acts like a client that shuts the VM down or starts it again, under the same operation lock. */
#include "ops/vm/vm_exit.h"

#include "base/log.h"
#include "core/dispatch.h"
#include "core/oplock.h"
#include "gen/db_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_bounce.h"
#include "ops/vm/vm_dump.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_turn.h"
#include "ops/vm/vm_watch.h"

typedef enum ExitAction { EXIT_HALT, EXIT_RESTART, EXIT_PRESERVE } ExitAction;

/* Clients may force a VM down beside it, which cancels it. */
static const char OPERATION[] = "clean_shutdown";

static bool handle(Call *call, void *user, Err **err);
static bool act(Call *call, VmRef vm, const VmExit *exit, bool was_put_off, Err **err);
static bool put_off(Call *call, VmRef vm, const VmExit *exit);
static bool wants_dump(const DbView *view, VmRef vm);
static void dump(Call *call, VmRef vm);
static ExitAction choose_action(const DbView *view, VmRef vm, HvExitReason reason);

void vm_exit_handle(Platform *platform, const VmExit *exit)
{
    g_autoptr(Err) error = NULL;
    if (!core_run_internal(platform_core(platform), "VM exit", handle, (void *)exit, &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("VM %s stopped by itself, and acting on it failed: %s", UUID_TEXT(exit->domain),
                 text);
    }
}

static bool handle(Call *call, void *user, Err **err)
{
    const VmExit *exit = user;
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    VmRef vm = db_vm_by_uuid(view, UUID_TEXT(exit->domain));
    if (vm_ref_is_null(vm)) {
        log_warn("domain %s belongs to no VM; ending it", UUID_TEXT(exit->domain));
        vm_watch_ended(platform_vm_watch(platform), exit->domain);
        return platform_hv_driver(platform)->domain_destroy(platform_hv(platform), call->op,
                                                            exit->domain, err);
    }
    if (!oplock_take_alone(call, CLASS_VM, vm.id, OPERATION)) {
        return true; /* the watch tries again when the VM is free */
    }
    bool was_put_off = false;
    bool is_ours =
        vm_watch_claim_exit(platform_vm_watch(platform), exit->domain, exit->ticket, &was_put_off);
    bool ok = !is_ours || act(call, vm, exit, was_put_off, err);
    oplock_release_one(call, CLASS_VM, vm.id, OPERATION);
    return ok;
}

static bool act(Call *call, VmRef vm, const VmExit *exit, bool was_put_off, Err **err)
{
    const DbView *view = call_view(call);
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, vm, &turn, err)) {
        return false;
    }
    if (!vm_state_is_up(view, vm)) {
        return vm_end_domain(call, vm, err); /* what is left of it; the VM was not to run */
    }
    ExitAction action = choose_action(view, vm, exit->reason);
    bool is_crash = exit->reason == HV_EXIT_CRASH;
    bool is_loop = is_crash && action == EXIT_RESTART && vm_bounce_is_crash_loop(view, vm);
    if (is_crash) {
        alert_vm(call, vm, "VM_CRASHED", ALERT_SERVICE_LOSS,
                 is_loop ? "crashed too soon after its start to be started again" : "crashed");
        if (wants_dump(view, vm)) {
            dump(call, vm);
        }
    }
    if (action == EXIT_PRESERVE) {
        log_info("VM %s crashed and is kept for examination", db_vm_uuid(view, vm));
        return true;
    }
    if (action == EXIT_HALT || is_loop) {
        return vm_halt(call, vm, err);
    }
    bool may_wait = !is_crash && !was_put_off;
    return (may_wait && put_off(call, vm, exit)) || vm_restart(call, vm, err);
}

/* Whether the next start waits; the watch comes back then. */
static bool put_off(Call *call, VmRef vm, const VmExit *exit)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    unsigned pause = vm_bounce_pause(platform_vm_bounces(platform), view, vm);
    if (pause == VM_BOUNCE_FIRST_PAUSE) {
        alert_vm(call, vm, "VM_REBOOT_LOOP", ALERT_WARNING,
                 "reboots again and again: it waits before each start");
    }
    if (pause > 0) {
        log_info("VM %s reboots again and again: it starts in %u s", db_vm_uuid(view, vm), pause);
        vm_watch_put_off(platform_vm_watch(platform), exit->domain, exit->ticket,
                         pause * USEC_PER_SEC);
    }
    return pause > 0;
}

static bool wants_dump(const DbView *view, VmRef vm)
{
    OnCrashBehaviour behaviour = db_vm_actions_after_crash(view, vm);
    return behaviour == ON_CRASH_BEHAVIOUR_COREDUMP_AND_DESTROY ||
           behaviour == ON_CRASH_BEHAVIOUR_COREDUMP_AND_RESTART;
}

/* A VM whose memory could not be kept goes on as it would. */
static void dump(Call *call, VmRef vm)
{
    g_autoptr(Err) error = NULL;
    if (vm_dump_take(call, vm, &error)) {
        return;
    }
    g_autofree char *text = err_to_string(error);
    log_warn("the memory of VM %s was not dumped: %s", db_vm_uuid(call_view(call), vm), text);
    alert_vm(call, vm, "VM_CRASH_DUMP_FAILED", ALERT_WARNING,
             arena_printf(call->arena, "crashed, and its memory was not dumped: %s", text));
}

static ExitAction choose_action(const DbView *view, VmRef vm, HvExitReason reason)
{
    switch (reason) {
    case HV_EXIT_SHUTDOWN:
        return db_vm_actions_after_shutdown(view, vm) == ON_NORMAL_EXIT_RESTART ? EXIT_RESTART
                                                                                : EXIT_HALT;
    case HV_EXIT_REBOOT:
        return db_vm_actions_after_reboot(view, vm) == ON_NORMAL_EXIT_DESTROY ? EXIT_HALT
                                                                              : EXIT_RESTART;
    case HV_EXIT_CRASH:
        switch (db_vm_actions_after_crash(view, vm)) {
        case ON_CRASH_BEHAVIOUR_RESTART:
        case ON_CRASH_BEHAVIOUR_COREDUMP_AND_RESTART:
        case ON_CRASH_BEHAVIOUR_RENAME_RESTART:
            return EXIT_RESTART;
        case ON_CRASH_BEHAVIOUR_PRESERVE:
            return EXIT_PRESERVE;
        case ON_CRASH_BEHAVIOUR_DESTROY:
        case ON_CRASH_BEHAVIOUR_COREDUMP_AND_DESTROY:
            return EXIT_HALT;
        }
        return EXIT_HALT;
    case HV_EXIT_DESTROYED:
        return EXIT_HALT;
    }
    return EXIT_HALT;
}
