/* VM_appliance.destroy: its VMs stay, and are part of none. */
#include "gen/db_vm.h"
#include "gen/db_vm_appliance.h"
#include "gen/errors.h"
#include "gen/ops_vm_appliance.h"

bool vm_appliance_destroy(Call *call, const VmApplianceDestroyArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    const Value *current = db_vm_appliance_current_operations(view, args->self);
    if (value_count(current) > 0) {
        err_other_operation_in_progress(err, "VM_appliance", REF_TEXT(args->self.id),
                                        value_string(value_at(current, 0)),
                                        value_name_at(current, 0));
        db_abort(txn);
        return false;
    }
    g_autoptr(GArray) vms = db_vm_appliance_vms_array(view, args->self);
    for (guint i = 0; i < vms->len; i++) {
        db_vm_set_appliance(txn, g_array_index(vms, VmRef, i), (VmApplianceRef){{{0}}});
    }
    db_vm_appliance_delete(txn, args->self);
    return db_commit(txn, err);
}
