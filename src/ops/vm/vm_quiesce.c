/* VM.snapshot_with_quiesce: the guest's agent writes out its file systems and holds them still
 * while the snapshot of the disks is taken.  Whatever happens, it is told to let them go again. */
#include "base/log.h"
#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_duplicate.h"
#include "ops/vm/vm_turn.h"

/* For all that happens while the guest's file systems stand still, freezing them included. */
#define FROZEN_LIMIT (30 * USEC_PER_SEC)

static VmDiskCopies *copy_frozen(Call *call, const VmCopySpec *spec, Undo *undo, Err **err);
static bool set_frozen(Call *call, Op *op, VmRef vm, bool frozen, Err **err);
static void thaw(Call *call, VmRef vm);
static void explain(Call *call, Op *frozen, VmRef vm, Err *why, Err **err);

bool vm_snapshot_with_quiesce(Call *call, const VmSnapshotWithQuiesceArgs *args, VmRef *ret_result,
                              Err **err)
{
    const VmCopySpec spec = {.source = args->vm, .kind = VM_COPY_SNAPSHOT, .quiesced = true};
    g_auto(Undo) undo = {0};
    if (!(platform_hv_driver(call_platform(call))->caps & HV_CAP_QUIESCE)) {
        return err_vm_snapshot_with_quiesce_not_supported(
            err, REF_TEXT(args->vm.id), "The engine of this host cannot ask for it.");
    }
    VmDiskCopies *disks = copy_frozen(call, &spec, &undo, err);
    if (!disks ||
        !vm_duplicate_write(call, &spec, args->new_name, disks, (VdiRef){{{0}}}, ret_result, err)) {
        return false;
    }
    undo_disarm(&undo);
    alert_vm(call, args->vm, "VM_SNAPSHOTTED", ALERT_INFORMATION,
             arena_printf(call->arena, "snapshotted, snapshot name: %s", args->new_name));
    return true;
}

static VmDiskCopies *copy_frozen(Call *call, const VmCopySpec *spec, Undo *undo, Err **err)
{
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, spec->source, &turn, err)) {
        return NULL;
    }
    Op *whole = call->op;
    g_autoptr(Op) frozen = op_new_child(whole, FROZEN_LIMIT);
    Err *why = NULL;
    call->op = frozen;
    VmDiskCopies *disks = set_frozen(call, frozen, spec->source, true, &why)
                              ? vm_copy_disks(call, spec, undo, &why)
                              : NULL;
    call->op = whole;
    thaw(call, spec->source);
    if (!disks) {
        explain(call, frozen, spec->source, why, err);
    }
    return disks;
}

static bool set_frozen(Call *call, Op *op, VmRef vm, bool frozen, Err **err)
{
    Platform *platform = call_platform(call);
    return platform_hv_driver(platform)->guest_freeze(
        platform_hv(platform), op, vm_domain_uuid(call_view(call), vm), frozen, err);
}

/* An agent that did not answer in time may have frozen them all the same. */
static void thaw(Call *call, VmRef vm)
{
    g_autoptr(Op) op = core_undo_op();
    g_autoptr(Err) error = NULL;
    if (!set_frozen(call, op, vm, false, &error)) {
        g_autofree char *text = err_to_string(error);
        log_error("the file systems of VM %s may stand still: %s", db_vm_uuid(call_view(call), vm),
                  text);
    }
}

/* Why it failed is for the log; clients are told whether it took too long. */
static void explain(Call *call, Op *frozen, VmRef vm, Err *why, Err **err)
{
    g_autoptr(Err) error = why;
    g_autofree char *text = err_to_string(error);
    log_warn("VM %s was not quiesced: %s", db_vm_uuid(call_view(call), vm), text);
    if (!op_check(call->op, err)) {
        return;
    }
    if (op_check(frozen, NULL)) {
        err_vm_snapshot_with_quiesce_failed(err, REF_TEXT(vm.id));
    } else {
        err_vm_snapshot_with_quiesce_timeout(err, REF_TEXT(vm.id));
    }
}
