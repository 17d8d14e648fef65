/* ... and VM.get_boot_record, which reads it. */
#include "ops/vm/vm_boot_record.h"

#include "core/call.h"
#include "core/record.h"
#include "gen/db_vm.h"
#include "gen/ops_vm.h"
#include "ops/vm/vm_genid.h"
#include "ops/vm/vm_metadata.h"

void vm_boot_record_write(DbTxn *txn, VmRef vm)
{
    g_autofree char *text = vm_metadata_write(db_txn_view(txn), vm, VM_METADATA_CHANGED);
    db_vm_set_last_booted_record(txn, vm, text);
}

bool vm_boot_record_name(Db *db, VmRef vm, Err **err)
{
    DbTxn *txn = db_begin(db);
    if (strcmp(db_vm_generation_id(db_txn_view(txn), vm), VM_GENID_NONE) != 0) {
        db_abort(txn);
        return true;
    }
    g_autofree char *generation_id = vm_genid_new();
    db_vm_set_generation_id(txn, vm, generation_id);
    return db_commit(txn, err);
}

/* One that cannot be read, or was never written, is the record of now. The limits of ballooning are
 * always those of now: they hold at once. */
bool vm_get_boot_record(Call *call, const VmGetBootRecordArgs *args, Value **ret_result, Err **err)
{
    static const char *const live[] = {"memory_dynamic_min", "memory_dynamic_max", NULL};
    (void)err;
    const DbView *view = call_view(call);
    const char *text = db_vm_last_booted_record(view, args->self);
    g_autoptr(Value) now = record_of(view, db_find(view, CLASS_VM, args->self.id));
    g_autoptr(Value) booted =
        *text ? vm_metadata_read(db_schema(call->db), text, VM_METADATA_CHANGED, NULL) : NULL;
    if (booted) { /* a boot record has none within */
        value_struct_add_static(booted, "last_booted_record", value_new_string(""));
    }
    Value *record = value_new_struct(value_count(now));
    for (unsigned i = 0; i < value_count(now); i++) {
        const char *name = value_name_at(now, i);
        Value *then = booted && !g_strv_contains(live, name) ? value_get(booted, name) : NULL;
        value_struct_add(record, name, value_ref(then ? then : value_at(now, i)));
    }
    *ret_result = record;
    return true;
}
