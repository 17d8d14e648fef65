/* VM.update_snapshot_metadata: a program that copied a VM by its own means says that the copy is a
 * snapshot. */
#include "gen/db_vm.h"
#include "gen/ops_vm.h"

bool vm_update_snapshot_metadata(Call *call, const VmUpdateSnapshotMetadataArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_vm_set_is_a_snapshot(txn, args->vm, true);
    db_vm_set_is_a_template(txn, args->vm, true);
    db_vm_set_snapshot_of(txn, args->vm, args->snapshot_of);
    db_vm_set_snapshot_time(txn, args->vm, args->snapshot_time);
    db_vm_set_transportable_snapshot_id(txn, args->vm, args->transportable_snapshot_id);
    return db_commit(txn, err);
}
