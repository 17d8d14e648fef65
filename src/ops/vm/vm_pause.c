/* VM.pause and VM.unpause. */
#include "gen/db_vm.h"
#include "gen/ops_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_state.h"

static bool set_paused(Call *call, VmRef vm, bool paused, Err **err)
{
    Platform *platform = call_platform(call);
    Uuid domain = vm_domain_uuid(call_view(call), vm);
    if (!platform_hv_driver(platform)->domain_set_paused(platform_hv(platform), call->op, domain,
                                                         paused, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    vm_state_set_paused(txn, vm, paused);
    return db_commit(txn, err);
}

bool vm_pause(Call *call, const VmPauseArgs *args, Err **err)
{
    if (!set_paused(call, args->vm, true, err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_PAUSED", ALERT_INFORMATION, "paused");
    return true;
}

bool vm_unpause(Call *call, const VmUnpauseArgs *args, Err **err)
{
    if (!set_paused(call, args->vm, false, err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_UNPAUSED", ALERT_INFORMATION, "unpaused");
    return true;
}
