/* VM.clean_shutdown, hard_shutdown, shutdown, clean_reboot and hard_reboot. */
#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_delay.h"
#include "ops/vm/vm_image.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_watch.h"

/* How long a guest has to stop after it was asked to, as in XenServer. */
#define GUEST_STOP_TIMEOUT (20 * 60 * USEC_PER_SEC)

static bool end_others(Call *call, VmRef vm, Err **err);
static bool ask_guest(Call *call, VmRef vm, HvShutdownMode mode, Usec patience, Err **err);
static bool wait_for_guest(Call *call, VmRef vm, HvShutdownMode mode, Usec patience, Err **err);
static bool shut_down_cleanly(Call *call, VmRef vm, Usec patience, Err **err);
static bool wait_shutdown_delay(Call *call, VmRef vm, Err **err);
static bool shut_down_hard(Call *call, VmRef vm, Err **err);

bool vm_clean_shutdown(Call *call, const VmCleanShutdownArgs *args, Err **err)
{
    return shut_down_cleanly(call, args->vm, GUEST_STOP_TIMEOUT, err) &&
           wait_shutdown_delay(call, args->vm, err);
}

bool vm_hard_shutdown(Call *call, const VmHardShutdownArgs *args, Err **err)
{
    return shut_down_hard(call, args->vm, err) && wait_shutdown_delay(call, args->vm, err);
}

/* Clean if the guest is willing, else hard. A VM with a shutdown delay has that long, as in 6.2. */
bool vm_shutdown(Call *call, const VmShutdownArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    int64_t delay = MIN(db_vm_shutdown_delay(view, args->vm), GUEST_STOP_TIMEOUT / USEC_PER_SEC);
    Usec patience = delay > 0 ? delay * USEC_PER_SEC : GUEST_STOP_TIMEOUT;
    bool is_running = db_vm_power_state(view, args->vm) == VM_POWER_STATE_RUNNING;
    bool ok = (is_running && shut_down_cleanly(call, args->vm, patience, NULL)) ||
              (op_check(call->op, err) && shut_down_hard(call, args->vm, err));
    return ok && wait_shutdown_delay(call, args->vm, err);
}

bool vm_clean_reboot(Call *call, const VmCleanRebootArgs *args, Err **err)
{
    if (!ask_guest(call, args->vm, HV_SHUTDOWN_REBOOT, GUEST_STOP_TIMEOUT, err)) {
        return false;
    }
    bool stays_down =
        db_vm_actions_after_reboot(call_view(call), args->vm) == ON_NORMAL_EXIT_DESTROY;
    if (stays_down ? !vm_halt(call, args->vm, err) : !vm_restart(call, args->vm, err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_REBOOTED", ALERT_INFORMATION, "rebooted cleanly");
    return true;
}

bool vm_hard_reboot(Call *call, const VmHardRebootArgs *args, Err **err)
{
    if (!end_others(call, args->vm, err) || !vm_state_check_up(call_view(call), args->vm, err) ||
        !vm_restart(call, args->vm, err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_REBOOTED", ALERT_INFORMATION, "rebooted forcibly");
    return true;
}

static bool shut_down_cleanly(Call *call, VmRef vm, Usec patience, Err **err)
{
    if (!ask_guest(call, vm, HV_SHUTDOWN_POWEROFF, patience, err)) {
        return false;
    }
    bool stays_up = db_vm_actions_after_shutdown(call_view(call), vm) == ON_NORMAL_EXIT_RESTART;
    if (stays_up ? !vm_restart(call, vm, err) : !vm_halt(call, vm, err)) {
        return false;
    }
    alert_vm(call, vm, "VM_SHUTDOWN", ALERT_INFORMATION, "shutdown");
    return true;
}

static bool wait_shutdown_delay(Call *call, VmRef vm, Err **err)
{
    return vm_delay(call, db_vm_shutdown_delay(call_view(call), vm), err);
}

static bool shut_down_hard(Call *call, VmRef vm, Err **err)
{
    if (!end_others(call, vm, err) || !vm_image_drop(call, vm, err) || !vm_halt(call, vm, err)) {
        return false;
    }
    alert_vm(call, vm, "VM_SHUTDOWN", ALERT_INFORMATION, "shutdown forcibly");
    return true;
}

/* Hard operations may begin beside others, which then fail: cancelled, and with their domain gone
 * they cannot go on.  Only when they are over is the VM this call's own, disks and all. */
static bool end_others(Call *call, VmRef vm, Err **err)
{
    g_autoptr(GArray) tasks = vm_state_tasks(call_view(call), vm);
    bool any = false;
    for (guint i = 0; i < tasks->len; i++) {
        Uuid task = g_array_index(tasks, Uuid, i);
        if (!uuid_equal(task, call->task)) {
            any = true;
            tasks_cancel(core_tasks(call->core), task, NULL);
        }
    }
    return !any || (vm_end_domain(call, vm, err) &&
                    vm_watch_wait_alone(platform_vm_watch(call_platform(call)), call->op, vm,
                                        call->task, err));
}

/* Asks the guest to stop and waits until it did; what it does then is the caller's to decide. */
static bool ask_guest(Call *call, VmRef vm, HvShutdownMode mode, Usec patience, Err **err)
{
    Platform *platform = call_platform(call);
    VmWatch *watch = platform_vm_watch(platform);
    Uuid domain = vm_domain_uuid(call_view(call), vm);
    vm_watch_expect(watch, domain);
    bool ok = platform_hv_driver(platform)->domain_shutdown(platform_hv(platform), call->op, domain,
                                                            mode, err) &&
              wait_for_guest(call, vm, mode, patience, err);
    if (!ok) {
        vm_watch_unexpect(watch, domain);
    }
    return ok;
}

static bool wait_for_guest(Call *call, VmRef vm, HvShutdownMode mode, Usec patience, Err **err)
{
    Uuid domain = vm_domain_uuid(call_view(call), vm);
    g_autoptr(Op) op = op_new_child(call->op, patience);
    HvExitReason reason;
    if (vm_watch_wait_exit(platform_vm_watch(call_platform(call)), op, domain, &reason, NULL)) {
        if (reason == HV_EXIT_DESTROYED) { /* a hard operation has taken over */
            return err_task_cancelled(err, REF_TEXT(call->task));
        }
        bool crashed = reason == HV_EXIT_CRASH && mode == HV_SHUTDOWN_REBOOT;
        return !crashed || err_internal(err, "the guest of VM %s crashed when asked to reboot",
                                        UUID_TEXT(domain));
    }
    if (op_is_cancelled(call->op)) {
        return err_task_cancelled(err, REF_TEXT(call->task));
    }
    g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, patience / USEC_PER_SEC);
    return err_vm_shutdown_timeout(err, REF_TEXT(vm.id), seconds);
}
