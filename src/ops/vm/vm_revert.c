/* VM.revert: the VM becomes again what it was at a snapshot.  New disks are made from the
 * snapshot's first; only when they are there do the old ones go. */
#include "base/log.h"
#include "core/oplock.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops.h"
#include "ops/message/alert.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_copy.h"
#include "ops/vm/vm_state.h"

/* What the VM keeps of its own. */
static const char *const kept_fields[] = {"snapshots",     "tags",
                                          "affinity",      "parent",
                                          "power_state",   "is_a_template",
                                          "is_a_snapshot", "snapshot_of",
                                          "snapshot_time", "snapshot_info",
                                          "name_label",    "metrics",
                                          "guest_metrics", "current_operations",
                                          "resident_on",   "domid",
                                          "suspend_VDI",   NULL};

static const char OPERATION[] = "reverting";

static bool revert(Call *call, VmRef vm, VmRef snapshot, Err **err);
static GArray *list_disks(const DbView *view, VmRef vm);
static bool write_rows(Call *call, VmRef vm, VmRef snapshot, const VmDiskCopies *disks, Err **err);
static void destroy_disks(Call *call, const GArray *disks);

bool vm_revert(Call *call, const VmRevertArgs *args, Err **err)
{
    VmRef vm = db_vm_snapshot_of(call_view(call), args->snapshot);
    if (!db_vm_exists(call_view(call), vm)) {
        return err_vm_revert_failed(err, REF_TEXT(args->snapshot.id), REF_TEXT(vm.id));
    }
    if (!oplock_take_one(call, CLASS_VM, vm.id, OPERATION, err)) {
        return false;
    }
    bool ok = revert(call, vm, args->snapshot, err);
    oplock_release_one(call, CLASS_VM, vm.id, OPERATION);
    if (ok) {
        alert_vm(call, vm, "VM_SNAPSHOT_REVERTED", ALERT_INFORMATION, "reverted to a snapshot");
    }
    return ok;
}

static bool revert(Call *call, VmRef vm, VmRef snapshot, Err **err)
{
    g_auto(Undo) undo = {0};
    bool is_halted = db_vm_power_state(call_view(call), vm) == VM_POWER_STATE_HALTED;
    VmDiskCopies *disks = vm_copy_disks(call, snapshot, VM_COPY_CLONE, (SrRef){{{0}}}, &undo, err);
    if (!disks || (!is_halted && !vm_halt(call, vm, err))) {
        return false;
    }
    g_autoptr(GArray) old_disks = list_disks(call_view(call), vm);
    if (!write_rows(call, vm, snapshot, disks, err)) {
        return false;
    }
    undo_disarm(&undo);
    destroy_disks(call, old_disks);
    return true;
}

/* The VM's own disks: array of VdiRef. */
static GArray *list_disks(const DbView *view, VmRef vm)
{
    GArray *disks = g_array_new(FALSE, FALSE, sizeof(VdiRef));
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        VbdRef vbd = db_vm_vbds_at(view, vm, i);
        VdiRef vdi = db_vbd_vdi(view, vbd);
        bool is_shared = db_vdi_vbds_count(view, vdi) > 1;
        if (db_vbd_type(view, vbd) == VBD_TYPE_DISK && !db_vbd_empty(view, vbd) && !is_shared) {
            g_array_append_val(disks, vdi);
        }
    }
    return disks;
}

static bool write_rows(Call *call, VmRef vm, VmRef snapshot, const VmDiskCopies *disks, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    vm_state_delete_devices(txn, vm);
    vm_copy_fields(txn, CLASS_VM, snapshot.id, vm.id, kept_fields);
    vm_copy_vbds(txn, vm, snapshot, disks);
    vm_copy_vifs(txn, vm, snapshot, true);
    db_vm_set_parent(txn, vm, snapshot);
    for (unsigned i = 0; i < disks->count; i++) {
        VdiRef original = db_vdi_snapshot_of(view, disks->sources[i]);
        g_autoptr(GArray) siblings = db_vdi_snapshots_array(view, original);
        for (guint j = 0; j < siblings->len; j++) {
            db_vdi_set_snapshot_of(txn, g_array_index(siblings, VdiRef, j), disks->copies[i]);
        }
    }
    return db_commit(txn, err);
}

/* The VM has its new disks; an old one that stays is only space. */
static void destroy_disks(Call *call, const GArray *disks)
{
    for (guint i = 0; i < disks->len; i++) {
        g_autoptr(Err) error = NULL;
        if (!vdi_disk_destroy(call, g_array_index(disks, VdiRef, i), &error)) {
            g_autofree char *text = err_to_string(error);
            log_warn("a disk from before the revert stays: %s", text);
        }
    }
}
