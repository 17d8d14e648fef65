/* VM.create and destroy, and what makes a VM a template. */
#include "base/text.h"
#include "core/oplock.h"
#include "core/record.h"
#include "gen/db_crashdump.h"
#include "gen/db_vm.h"
#include "gen/db_vm_guest_metrics.h"
#include "gen/db_vm_metrics.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/blob/blob.h"
#include "ops/metrics/metrics.h"
#include "ops/vm/vm_check.h"
#include "ops/vm/vm_nvram.h"
#include "ops/vm/vm_state.h"

#include <unistd.h>

static void give_children_to_parent(DbTxn *txn, VmRef vm);
static void forget_crash_dumps(DbTxn *txn, VmRef vm);

bool vm_create(Call *call, const VmCreateArgs *args, VmRef *ret_result, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    VmRef vm = db_vm_create(txn);
    record_write_new(txn, CLASS_VM, vm.id, args->record);
    VmMemory memory = vm_check_memory_of(db_txn_view(txn), vm);
    if (!vm_check_memory(&memory, err)) {
        db_abort(txn);
        return false;
    }
    db_vm_set_metrics(txn, vm, db_vm_metrics_create(txn));
    db_vm_set_power_state(txn, vm, VM_POWER_STATE_HALTED);
    db_vm_set_domid(txn, vm, -1);
    if (!db_vm_other_config_get(db_txn_view(txn), vm, "mac_seed")) {
        db_vm_set_other_config_key(txn, vm, "mac_seed", UUID_TEXT(uuid_generate()));
    }
    *ret_result = vm;
    return db_commit(txn, err);
}

/* The disks stay: clients destroy those they own. */
bool vm_destroy(Call *call, const VmDestroyArgs *args, Err **err)
{
    VmRef vm = args->self;
    vm_nvram_remove(call, db_vm_uuid(call_view(call), vm));
    metrics_remove(platform_metrics(call_platform(call)), db_vm_uuid(call_view(call), vm));
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    vm_state_delete_devices(txn, vm);
    give_children_to_parent(txn, vm);
    forget_crash_dumps(txn, vm);
    db_vm_metrics_delete(txn, db_vm_metrics(view, vm));
    db_vm_guest_metrics_delete(txn, db_vm_guest_metrics(view, vm));
    g_autoptr(GPtrArray) blobs = blob_delete_kept(txn, db_vm_blobs(view, vm));
    db_vm_delete(txn, vm);
    if (!db_commit(txn, err)) {
        return false;
    }
    blob_remove_files(call_platform(call), blobs);
    return true;
}

bool vm_change_is_a_template(Call *call, VmRef self, const Value *new_value, Err **err)
{
    const DbView *view = call_view(call);
    bool becomes_one = value_bool(new_value) && !db_vm_is_a_template(view, self);
    if (becomes_one && !oplock_check(view, CLASS_VM, self.id, "make_into_template", err)) {
        return false;
    }
    if (db_vm_power_state(view, self) != VM_POWER_STATE_HALTED) {
        g_autofree char *actual =
            g_ascii_strdown(vm_power_state_to_string(db_vm_power_state(view, self)), -1);
        return err_vm_bad_power_state(err, REF_TEXT(self.id), "halted", actual);
    }
    DbTxn *txn = db_begin(call->db);
    if (value_bool(new_value)) {
        db_vm_set_ha_always_run(txn, self, false);
        db_vm_set_ha_restart_priority(txn, self, "");
    } else {
        db_vm_metrics_set_install_time(txn, db_vm_metrics(db_txn_view(txn), self),
                                       g_get_real_time() / USEC_PER_SEC);
    }
    db_commit_async(txn);
    return true;
}

/* Their disks stay, as those of the VM do. */
static void forget_crash_dumps(DbTxn *txn, VmRef vm)
{
    g_autoptr(GArray) dumps = db_vm_crash_dumps_array(db_txn_view(txn), vm);
    for (guint i = 0; i < dumps->len; i++) {
        db_crashdump_delete(txn, g_array_index(dumps, CrashdumpRef, i));
    }
}

static void give_children_to_parent(DbTxn *txn, VmRef vm)
{
    const DbView *view = db_txn_view(txn);
    VmRef parent = db_vm_parent(view, vm);
    g_autoptr(GArray) children = db_vm_children_array(view, vm);
    for (guint i = 0; i < children->len; i++) {
        db_vm_set_parent(txn, g_array_index(children, VmRef, i), parent);
    }
}
