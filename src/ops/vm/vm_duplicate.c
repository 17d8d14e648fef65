/* Disks first, then all objects in one transaction: a VM appears whole or not at all. */
#include "ops/vm/vm_duplicate.h"

#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"

static VmRef write_vm(DbTxn *txn, VmRef source, VmCopyKind kind, const char *new_name);
static void write_snapshot_fields(DbTxn *txn, VmRef snapshot, VmRef source);
static void write_clone_fields(DbTxn *txn, VmRef clone, VmRef source);

bool vm_duplicate(Call *call, VmRef source, VmCopyKind kind, const char *new_name, SrRef sr,
                  VmRef *ret_vm, Err **err)
{
    g_auto(Undo) undo = {0};
    VmDiskCopies *disks = vm_copy_disks(call, source, kind, sr, &undo, err);
    if (!disks) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    VmRef vm = write_vm(txn, source, kind, new_name);
    vm_copy_vbds(txn, vm, source, disks);
    vm_copy_vifs(txn, vm, source, kind == VM_COPY_SNAPSHOT);
    if (!db_commit(txn, err)) {
        return false;
    }
    undo_disarm(&undo);
    *ret_vm = vm;
    return true;
}

static VmRef write_vm(DbTxn *txn, VmRef source, VmCopyKind kind, const char *new_name)
{
    VmRef vm = db_vm_create(txn);
    vm_copy_fields(txn, CLASS_VM, source.id, vm.id, NULL);
    db_vm_set_name_label(txn, vm, new_name);
    db_vm_set_power_state(txn, vm, VM_POWER_STATE_HALTED);
    db_vm_set_resident_on(txn, vm, (HostRef){{{0}}});
    db_vm_set_scheduled_to_be_resident_on(txn, vm, (HostRef){{{0}}});
    db_vm_set_domid(txn, vm, -1);
    db_vm_set_is_control_domain(txn, vm, false);
    db_vm_set_is_default_template(txn, vm, false);
    db_vm_set_suspend_vdi(txn, vm, (VdiRef){{{0}}});
    db_vm_set_guest_metrics(txn, vm, (VmGuestMetricsRef){{{0}}});
    db_vm_set_metrics(txn, vm, db_vm_metrics_create(txn));
    db_vm_set_parent(txn, vm, (VmRef){{{0}}});
    db_vm_set_blobs(txn, vm, value_new_struct(0));
    db_vm_set_current_operations(txn, vm, value_new_struct(0));
    db_vm_set_appliance(txn, vm, (VmApplianceRef){{{0}}});
    db_vm_set_ha_always_run(txn, vm, false);
    db_vm_set_order(txn, vm, 0);
    db_vm_set_start_delay(txn, vm, 0);
    db_vm_set_shutdown_delay(txn, vm, 0);
    db_vm_set_suspend_sr(txn, vm, (SrRef){{{0}}});
    db_vm_set_other_config_key(txn, vm, "default_template", NULL);
    db_vm_set_other_config_key(txn, vm, "xensource_internal", NULL);
    if (kind == VM_COPY_SNAPSHOT) {
        write_snapshot_fields(txn, vm, source);
    } else {
        write_clone_fields(txn, vm, source);
    }
    return vm;
}

static void write_snapshot_fields(DbTxn *txn, VmRef snapshot, VmRef source)
{
    const DbView *view = db_txn_view(txn);
    Value *info = value_new_struct(2);
    value_struct_add(info, "disk-snapshot-type", value_new_string("crash_consistent"));
    value_struct_add(info, "power-state-at-snapshot",
                     value_new_string(vm_power_state_to_string(db_vm_power_state(view, source))));
    db_vm_set_is_a_template(txn, snapshot, true);
    db_vm_set_is_a_snapshot(txn, snapshot, true);
    db_vm_set_snapshot_of(txn, snapshot, source);
    db_vm_set_snapshot_time(txn, snapshot, g_get_real_time() / USEC_PER_SEC);
    db_vm_set_snapshot_info(txn, snapshot, info);
    db_vm_set_parent(txn, snapshot, db_vm_parent(view, source));
    db_vm_set_parent(txn, source, snapshot);
}

static void write_clone_fields(DbTxn *txn, VmRef clone, VmRef source)
{
    const DbView *view = db_txn_view(txn);
    db_vm_set_is_a_snapshot(txn, clone, false);
    db_vm_set_snapshot_of(txn, clone, (VmRef){{{0}}});
    db_vm_set_snapshot_info(txn, clone, value_new_struct(0));
    db_vm_set_other_config_key(txn, clone, "mac_seed", UUID_TEXT(uuid_generate()));
    if (db_vm_is_a_template(view, source) && !db_vm_is_a_snapshot(view, source) &&
        !db_vm_other_config_get(view, clone, "base_template_name")) {
        db_vm_set_other_config_key(txn, clone, "base_template_name",
                                   db_vm_name_label(view, source));
    }
}
