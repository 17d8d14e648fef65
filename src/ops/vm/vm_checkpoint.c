/* VM.checkpoint: the disks and the memory of a VM at one moment.
 *
 * A guest that runs is stopped for it; what its disks and its memory hold then belongs together.
 * For clients it runs all the while, as it does again afterwards. */
#include "base/log.h"
#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_duplicate.h"
#include "ops/vm/vm_image.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_turn.h"

/* A guest that stands still for a checkpoint. */
typedef struct HeldGuest {
    Platform *platform;
    Uuid domain;
} HeldGuest;

static bool take_live(Call *call, const VmCopySpec *spec, const char *new_name, VmRef *ret_vm,
                      Err **err);
static bool take_suspended(Call *call, const VmCopySpec *spec, const char *new_name, VmRef *ret_vm,
                           Err **err);
static VmDiskCopies *save_all(Call *call, const VmCopySpec *spec, VdiRef memory, Undo *undo,
                              Err **err);
static bool saves_by_guest(Call *call);
static bool hold_guest(Call *call, VmRef vm, Undo *undo, Err **err);
static void release_guest(void *user);
static bool save_memory(Call *call, VmRef vm, VdiRef memory, Err **err);
static bool go_on(Call *call, VmRef vm, Err **err);

bool vm_checkpoint(Call *call, const VmCheckpointArgs *args, VmRef *ret_result, Err **err)
{
    const VmCopySpec spec = {.source = args->vm, .kind = VM_COPY_SNAPSHOT};
    bool ok = vm_state_is_up(call_view(call), args->vm)
                  ? take_live(call, &spec, args->new_name, ret_result, err)
                  : take_suspended(call, &spec, args->new_name, ret_result, err);
    if (ok) {
        alert_vm(call, args->vm, "VM_CHECKPOINTED", ALERT_INFORMATION,
                 arena_printf(call->arena, "checkpointed, snapshot name: %s", args->new_name));
    }
    return ok;
}

static bool take_live(Call *call, const VmCopySpec *spec, const char *new_name, VmRef *ret_vm,
                      Err **err)
{
    VmRef vm = spec->source;
    g_auto(VmTurn) turn = {0};
    g_auto(Undo) undo = {0};
    VdiRef memory;
    if (!vm_image_create(call, vm, &undo, &memory, err) || !vm_turn_take(call, vm, &turn, err) ||
        !hold_guest(call, vm, &undo, err)) {
        return false;
    }
    VmDiskCopies *disks = save_all(call, spec, memory, &undo, err);
    if (!disks || !go_on(call, vm, err) ||
        !vm_duplicate_write(call, spec, new_name, disks, memory, ret_vm, err)) {
        return false;
    }
    undo_disarm(&undo);
    return true;
}

/* The guest stands still from the one to the other: it is held, or has suspended itself. */
static VmDiskCopies *save_all(Call *call, const VmCopySpec *spec, VdiRef memory, Undo *undo,
                              Err **err)
{
    if (saves_by_guest(call)) {
        return save_memory(call, spec->source, memory, err) ? vm_copy_disks(call, spec, undo, err)
                                                            : NULL;
    }
    VmDiskCopies *disks = vm_copy_disks(call, spec, undo, err);
    return disks && save_memory(call, spec->source, memory, err) ? disks : NULL;
}

static bool saves_by_guest(Call *call)
{
    return platform_hv_driver(call_platform(call))->caps & HV_CAP_SAVE_BY_GUEST;
}

static bool take_suspended(Call *call, const VmCopySpec *spec, const char *new_name, VmRef *ret_vm,
                           Err **err)
{
    g_auto(Undo) undo = {0};
    VdiRef memory;
    VmDiskCopies *disks = vm_copy_disks(call, spec, &undo, err);
    if (!disks || !vm_image_copy(call, spec->source, VDI_COPY_SNAPSHOT, &undo, &memory, err) ||
        !vm_duplicate_write(call, spec, new_name, disks, memory, ret_vm, err)) {
        return false;
    }
    undo_disarm(&undo);
    return true;
}

/* One that was paused before stays so; one that must answer yet goes on. */
static bool hold_guest(Call *call, VmRef vm, Undo *undo, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    if (db_vm_power_state(view, vm) == VM_POWER_STATE_PAUSED) {
        return true;
    }
    HeldGuest *held = arena_new0(call->arena, HeldGuest, 1);
    *held = (HeldGuest){platform, vm_domain_uuid(view, vm)};
    undo_push(undo, release_guest, held);
    return saves_by_guest(call) || platform_hv_driver(platform)->domain_set_paused(
                                       platform_hv(platform), call->op, held->domain, true, err);
}

static void release_guest(void *user)
{
    HeldGuest *held = user;
    g_autoptr(Op) op = core_undo_op();
    platform_hv_driver(held->platform)
        ->domain_set_paused(platform_hv(held->platform), op, held->domain, false, NULL);
}

/* Why the engine could not is for the log; clients are told which half of the work it was. */
static bool save_memory(Call *call, VmRef vm, VdiRef memory, Err **err)
{
    g_autoptr(Err) error = NULL;
    if (vm_image_save(call, vm, memory, &error)) {
        return true;
    }
    if (op_is_cancelled(call->op)) {
        return err_propagate(err, g_steal_pointer(&error));
    }
    g_autofree char *text = err_to_string(error);
    log_warn("the memory of VM %s was not saved: %s", db_vm_uuid(call_view(call), vm), text);
    return err_vm_checkpoint_suspend_failed(err, REF_TEXT(vm.id));
}

static bool go_on(Call *call, VmRef vm, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    g_autoptr(Err) error = NULL;
    g_autoptr(Op) op = core_undo_op(); /* nobody wants a guest that stands still */
    if (db_vm_power_state(view, vm) != VM_POWER_STATE_RUNNING ||
        platform_hv_driver(platform)->domain_set_paused(platform_hv(platform), op,
                                                        vm_domain_uuid(view, vm), false, &error)) {
        return true;
    }
    g_autofree char *text = err_to_string(error);
    log_warn("VM %s does not go on after its checkpoint: %s", db_vm_uuid(view, vm), text);
    return err_vm_checkpoint_resume_failed(err, REF_TEXT(vm.id));
}
