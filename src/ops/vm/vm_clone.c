/* VM.clone, copy, snapshot and csvm. */
#include "gen/db_sr.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_duplicate.h"
#include "ops/vm/vm_image.h"

static bool clone_suspended(Call *call, VmRef vm, const char *new_name, VmRef *ret_vm, Err **err);
static void tell_clone(Call *call, VmRef source, VmRef clone);

bool vm_clone(Call *call, const VmCloneArgs *args, VmRef *ret_result, Err **err)
{
    const VmCopySpec spec = {.source = args->vm, .kind = VM_COPY_CLONE};
    if (!vm_duplicate(call, &spec, args->new_name, ret_result, err)) {
        return false;
    }
    tell_clone(call, args->vm, *ret_result);
    return true;
}

bool vm_copy(Call *call, const VmCopyArgs *args, VmRef *ret_result, Err **err)
{
    const VmCopySpec spec = {.source = args->vm, .kind = VM_COPY_FULL, .sr = args->sr};
    if (strcmp(db_sr_content_type(call_view(call), args->sr), "iso") == 0) {
        return err_operation_not_allowed(err, "Cannot copy the disks of a VM to an ISO SR");
    }
    return vm_duplicate(call, &spec, args->new_name, ret_result, err);
}

bool vm_snapshot(Call *call, const VmSnapshotArgs *args, VmRef *ret_result, Err **err)
{
    const VmCopySpec spec = {
        .source = args->vm, .kind = VM_COPY_SNAPSHOT, .ignored = args->ignore_vdis};
    if (!vm_duplicate(call, &spec, args->new_name, ret_result, err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_SNAPSHOTTED", ALERT_INFORMATION,
             arena_printf(call->arena, "snapshotted, snapshot name: %s", args->new_name));
    return true;
}

bool vm_csvm(Call *call, const VmCsvmArgs *args, VmRef *ret_result, Err **err)
{
    const char *name = arena_printf(call->arena, "%s-cloned-suspended",
                                    db_vm_name_label(call_view(call), args->vm));
    if (!clone_suspended(call, args->vm, name, ret_result, err)) {
        return false;
    }
    tell_clone(call, args->vm, *ret_result);
    return true;
}

/* A guest that goes on from the memory of another one has that one's addresses until it boots anew,
 * whatever the record of the clone says. */
static bool clone_suspended(Call *call, VmRef vm, const char *new_name, VmRef *ret_vm, Err **err)
{
    const VmCopySpec spec = {.source = vm, .kind = VM_COPY_CLONE};
    g_auto(Undo) undo = {0};
    VdiRef memory;
    VmDiskCopies *disks = vm_copy_disks(call, &spec, &undo, err);
    if (!disks || !vm_image_copy(call, vm, VDI_COPY_CLONE, &undo, &memory, err) ||
        !vm_duplicate_write(call, &spec, new_name, disks, memory, ret_vm, err)) {
        return false;
    }
    undo_disarm(&undo);
    return true;
}

static void tell_clone(Call *call, VmRef source, VmRef clone)
{
    alert_vm(
        call, source, "VM_CLONED", ALERT_INFORMATION,
        arena_printf(call->arena, "cloned (new uuid: %s)", db_vm_uuid(call_view(call), clone)));
}
