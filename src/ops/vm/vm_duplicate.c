/* Disks first, then all objects in one transaction: a VM appears whole or not at all. */
#include "ops/vm/vm_duplicate.h"

#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "ops/vm/vm_genid.h"
#include "ops/vm/vm_metadata.h"
#include "ops/vm/vm_nvram.h"

static VmRef write_vm(DbTxn *txn, const VmCopySpec *spec, Uuid uuid, const char *new_name,
                      VdiRef memory);
static void write_fields_of_its_own(DbTxn *txn, VmRef vm);
static void write_snapshot_fields(DbTxn *txn, VmRef snapshot, const VmCopySpec *spec);
static void write_clone_fields(DbTxn *txn, VmRef clone, VmRef source);

bool vm_duplicate(Call *call, const VmCopySpec *spec, const char *new_name, VmRef *ret_vm,
                  Err **err)
{
    g_auto(Undo) undo = {0};
    VmDiskCopies *disks = vm_copy_disks(call, spec, &undo, err);
    if (!disks || !vm_duplicate_write(call, spec, new_name, disks, (VdiRef){{{0}}}, ret_vm, err)) {
        return false;
    }
    undo_disarm(&undo);
    return true;
}

bool vm_duplicate_write(Call *call, const VmCopySpec *spec, const char *new_name,
                        const VmDiskCopies *disks, VdiRef memory, VmRef *ret_vm, Err **err)
{
    const Uuid uuid = uuid_generate();
    if (!vm_nvram_copy(call, db_vm_uuid(call_view(call), spec->source), UUID_TEXT(uuid), err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    VmRef vm = write_vm(txn, spec, uuid, new_name, memory);
    vm_copy_vbds(txn, vm, spec, disks);
    vm_copy_vifs(txn, vm, spec->source, spec->kind == VM_COPY_SNAPSHOT);
    if (!db_commit(txn, err)) {
        vm_nvram_remove(call, UUID_TEXT(uuid));
        return false;
    }
    *ret_vm = vm;
    return true;
}

static VmRef write_vm(DbTxn *txn, const VmCopySpec *spec, Uuid uuid, const char *new_name,
                      VdiRef memory)
{
    VmRef vm = {uuid_generate()};
    db_create(txn, CLASS_VM, vm.id, uuid);
    vm_copy_fields(txn, CLASS_VM, spec->source.id, vm.id, NULL);
    write_fields_of_its_own(txn, vm);
    vm_copy_guest_metrics(txn, vm, spec->source);
    db_vm_set_name_label(txn, vm, new_name);
    db_vm_set_suspend_vdi(txn, vm, memory);
    db_vm_set_power_state(
        txn, vm, vdi_ref_is_null(memory) ? VM_POWER_STATE_HALTED : VM_POWER_STATE_SUSPENDED);
    if (spec->kind == VM_COPY_SNAPSHOT) {
        write_snapshot_fields(txn, vm, spec);
    } else {
        write_clone_fields(txn, vm, spec->source);
    }
    return vm;
}

static void write_fields_of_its_own(DbTxn *txn, VmRef vm)
{
    g_autofree char *generation_id = vm_genid_new();
    db_vm_set_generation_id(txn, vm, generation_id);
    db_vm_set_resident_on(txn, vm, (HostRef){{{0}}});
    db_vm_set_scheduled_to_be_resident_on(txn, vm, (HostRef){{{0}}});
    db_vm_set_domid(txn, vm, -1);
    db_vm_set_is_control_domain(txn, vm, false);
    db_vm_set_is_default_template(txn, vm, false);
    db_vm_set_guest_metrics(txn, vm, (VmGuestMetricsRef){{{0}}});
    db_vm_set_metrics(txn, vm, db_vm_metrics_create(txn));
    db_vm_set_parent(txn, vm, (VmRef){{{0}}});
    db_vm_set_blobs(txn, vm, value_new_struct(0));
    db_vm_set_blocked_operations(txn, vm, value_new_struct(0));
    db_vm_set_current_operations(txn, vm, value_new_struct(0));
    db_vm_set_appliance(txn, vm, (VmApplianceRef){{{0}}});
    db_vm_set_ha_always_run(txn, vm, false);
    db_vm_set_order(txn, vm, 0);
    db_vm_set_start_delay(txn, vm, 0);
    db_vm_set_shutdown_delay(txn, vm, 0);
    db_vm_set_suspend_sr(txn, vm, (SrRef){{{0}}});
    db_vm_set_other_config_key(txn, vm, "default_template", NULL);
    db_vm_set_other_config_key(txn, vm, "xensource_internal", NULL);
}

static void write_snapshot_fields(DbTxn *txn, VmRef snapshot, const VmCopySpec *spec)
{
    const DbView *view = db_txn_view(txn);
    VmRef source = spec->source;
    g_autofree char *metadata = vm_metadata_write(view, source, VM_METADATA_ALL);
    Value *info = value_new_struct(2);
    value_struct_add(info, "disk-snapshot-type",
                     value_new_string(spec->quiesced ? "quiesced" : "crash_consistent"));
    value_struct_add(info, "power-state-at-snapshot",
                     value_new_string(vm_power_state_to_string(db_vm_power_state(view, source))));
    db_vm_set_is_a_template(txn, snapshot, true);
    db_vm_set_is_a_snapshot(txn, snapshot, true);
    db_vm_set_snapshot_of(txn, snapshot, source);
    db_vm_set_snapshot_time(txn, snapshot, g_get_real_time() / USEC_PER_SEC);
    db_vm_set_snapshot_info(txn, snapshot, info);
    db_vm_set_snapshot_metadata(txn, snapshot, metadata);
    db_vm_set_parent(txn, snapshot, db_vm_parent(view, source));
    db_vm_set_parent(txn, source, snapshot);
}

static void write_clone_fields(DbTxn *txn, VmRef clone, VmRef source)
{
    const DbView *view = db_txn_view(txn);
    db_vm_set_is_a_snapshot(txn, clone, false);
    db_vm_set_snapshot_of(txn, clone, (VmRef){{{0}}});
    db_vm_set_snapshot_time(txn, clone, 0);
    db_vm_set_snapshot_info(txn, clone, value_new_struct(0));
    db_vm_set_snapshot_metadata(txn, clone, "");
    db_vm_set_transportable_snapshot_id(txn, clone, "");
    db_vm_set_other_config_key(txn, clone, "mac_seed", UUID_TEXT(uuid_generate()));
    if (db_vm_is_a_template(view, source) && !db_vm_is_a_snapshot(view, source) &&
        !db_vm_other_config_get(view, clone, "base_template_name")) {
        db_vm_set_other_config_key(txn, clone, "base_template_name",
                                   db_vm_name_label(view, source));
    }
}
