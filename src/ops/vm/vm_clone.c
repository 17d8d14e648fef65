/* VM.clone, copy and snapshot. */
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_duplicate.h"

bool vm_clone(Call *call, const VmCloneArgs *args, VmRef *ret_result, Err **err)
{
    if (!vm_duplicate(call, args->vm, VM_COPY_CLONE, args->new_name, (SrRef){{{0}}}, ret_result,
                      err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_CLONED", ALERT_INFORMATION, "cloned");
    return true;
}

bool vm_copy(Call *call, const VmCopyArgs *args, VmRef *ret_result, Err **err)
{
    return vm_duplicate(call, args->vm, VM_COPY_FULL, args->new_name, args->sr, ret_result, err);
}

bool vm_snapshot(Call *call, const VmSnapshotArgs *args, VmRef *ret_result, Err **err)
{
    if (value_count(args->ignore_vdis) > 0) {
        return err_not_implemented(err, "VM.snapshot with ignore_vdis");
    }
    if (!vm_duplicate(call, args->vm, VM_COPY_SNAPSHOT, args->new_name, (SrRef){{{0}}}, ret_result,
                      err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_SNAPSHOTTED", ALERT_INFORMATION, "snapshotted");
    return true;
}
