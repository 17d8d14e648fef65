/* VM.revert: the VM becomes again what it was at a snapshot.  New disks are made from the
 * snapshot's first; only when they are there do the old ones go.  A VM that was destroyed comes
 * back as the same object. */
#include "base/log.h"
#include "core/core.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/hold.h"
#include "ops/message/alert.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_copy.h"
#include "ops/vm/vm_genid.h"
#include "ops/vm/vm_image.h"
#include "ops/vm/vm_metadata.h"
#include "ops/vm/vm_nvram.h"
#include "ops/vm/vm_state.h"

/* What the VM keeps of its own. */
static const char *const kept_fields[] = {
    "uuid",          "tags",    "affinity", "parent",
    "power_state",   "metrics", "blobs",    "guest_metrics",
    "resident_on",   "domid",   "domarch",  "scheduled_to_be_resident_on",
    "generation_id", "version", NULL};

/* The same where the snapshot's own fields must do for what the VM was, because nothing is recorded
 * of that: snapshots that another program told of. */
static const char *const kept_without_metadata[] = {
    "name_label",        "is_a_snapshot",
    "is_a_template",     "snapshot_of",
    "snapshot_time",     "snapshot_info",
    "suspend_VDI",       "transportable_snapshot_id",
    "is_control_domain", NULL};

/* A revert on its way. */
typedef struct Revert {
    VmRef vm, snapshot;
    Value *fields; /* what the VM gets: by name */
    VmDiskCopies *disks;
    VdiRef memory;     /* a copy of the snapshot's; null: it has none */
    GArray *old_disks; /* VdiRef: of the VM until now */
} Revert;

/* A VM that was gone, and goes again when the revert fails. */
typedef struct ReturnedVm {
    Call *call;
    VmRef vm;
} ReturnedVm;

static void revert_clear(Revert *work);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Revert, revert_clear)
static bool read_fields(Call *call, Revert *work, Err **err);
static bool bring_back(Call *call, const Revert *work, Undo *undo, Err **err);
static bool create_again(Call *call, const Revert *work, Err **err);
static void take_away(void *user);
static bool revert(Call *call, Revert *work, Err **err);
static bool copy_storage(Call *call, Revert *work, Undo *undo, Err **err);
static bool stop(Call *call, Revert *work, Err **err);
static GArray *list_disks(const DbView *view, VmRef vm);
static bool write_rows(Call *call, const Revert *work, Err **err);
static void write_fields(DbTxn *txn, VmRef vm, const Value *fields);
static void follow_disks(DbTxn *txn, const VmDiskCopies *disks);
static void destroy_disks(Call *call, const GArray *disks);
static bool explain(const Revert *work, Err *why, Err **err);

bool vm_revert(Call *call, const VmRevertArgs *args, Err **err)
{
    g_auto(Revert) work = {.vm = db_vm_snapshot_of(call_view(call), args->snapshot),
                           .snapshot = args->snapshot};
    g_auto(Undo) undo = {0};
    g_auto(Hold) hold = {0};
    Err *why = NULL;
    if (!read_fields(call, &work, &why) || !bring_back(call, &work, &undo, &why)) {
        return explain(&work, why, err);
    }
    if (!hold_take(call, CLASS_VM, work.vm.id, "reverting", &hold, err)) {
        return false;
    }
    if (!revert(call, &work, &why)) {
        return explain(&work, why, err);
    }
    undo_disarm(&undo);
    const DbView *view = call_view(call);
    alert_vm(call, work.vm, "VM_SNAPSHOT_REVERTED", ALERT_INFORMATION,
             arena_printf(call->arena, "reverted to snapshot: %s (uuid %s)",
                          db_vm_name_label(view, work.snapshot), db_vm_uuid(view, work.snapshot)));
    return true;
}

static void revert_clear(Revert *work)
{
    g_clear_pointer(&work->fields, value_unref);
    g_clear_pointer(&work->old_disks, g_array_unref);
}

static bool read_fields(Call *call, Revert *work, Err **err)
{
    const DbView *view = call_view(call);
    const char *metadata = db_vm_snapshot_metadata(view, work->snapshot);
    g_autofree char *own =
        *metadata ? NULL : vm_metadata_write(view, work->snapshot, VM_METADATA_ALL);
    g_autoptr(Value) fields =
        vm_metadata_read(db_schema(call->db), own ? own : metadata, VM_METADATA_ALL, err);
    if (!fields) {
        return false;
    }
    work->fields = value_new_struct(value_count(fields));
    for (unsigned i = 0; i < value_count(fields); i++) {
        const char *name = value_name_at(fields, i);
        bool is_kept = own && g_strv_contains(kept_without_metadata, name);
        if (!is_kept) {
            value_struct_add(work->fields, name, value_ref(value_at(fields, i)));
        }
    }
    return true;
}

/* With the reference it had, by which its snapshots still name it. */
static bool bring_back(Call *call, const Revert *work, Undo *undo, Err **err)
{
    if (db_vm_exists(call_view(call), work->vm)) {
        return true;
    }
    if (!create_again(call, work, err)) {
        return false;
    }
    ReturnedVm *returned = arena_new0(call->arena, ReturnedVm, 1);
    *returned = (ReturnedVm){call, work->vm};
    undo_push(undo, take_away, returned);
    return true;
}

static bool create_again(Call *call, const Revert *work, Err **err)
{
    Uuid uuid;
    const char *text = value_get_string(work->fields, "uuid");
    DbTxn *txn = db_begin(call->db);
    if (vm_ref_is_null(work->vm) || !text || !uuid_parse(text, &uuid) ||
        db_find_by_uuid(db_txn_view(txn), CLASS_VM, uuid)) {
        db_abort(txn);
        return err_internal(err, "the VM is gone, and what the snapshot knows of it is not enough");
    }
    db_create(txn, CLASS_VM, work->vm.id, uuid);
    db_vm_set_metrics(txn, work->vm, db_vm_metrics_create(txn));
    db_vm_set_domid(txn, work->vm, -1);
    write_fields(txn, work->vm, work->fields);
    return db_commit(txn, err);
}

static void take_away(void *user)
{
    const ReturnedVm *returned = user;
    DbTxn *txn = db_begin(returned->call->db);
    vm_state_delete_devices(txn, returned->vm);
    db_vm_metrics_delete(txn, db_vm_metrics(db_txn_view(txn), returned->vm));
    db_vm_delete(txn, returned->vm);
    db_commit_async(txn);
}

static bool revert(Call *call, Revert *work, Err **err)
{
    g_auto(Undo) undo = {0};
    if (!copy_storage(call, work, &undo, err) || !stop(call, work, err) ||
        !vm_nvram_copy(call, db_vm_uuid(call_view(call), work->snapshot),
                       db_vm_uuid(call_view(call), work->vm), err) ||
        !write_rows(call, work, err)) {
        return false;
    }
    undo_disarm(&undo);
    destroy_disks(call, work->old_disks);
    return true;
}

static bool copy_storage(Call *call, Revert *work, Undo *undo, Err **err)
{
    const VmCopySpec spec = {.source = work->snapshot, .kind = VM_COPY_CLONE};
    bool has_memory =
        db_vm_power_state(call_view(call), work->snapshot) == VM_POWER_STATE_SUSPENDED;
    work->disks = vm_copy_disks(call, &spec, undo, err);
    return work->disks && (!has_memory || vm_image_copy(call, work->snapshot, VDI_COPY_CLONE, undo,
                                                        &work->memory, err));
}

static bool stop(Call *call, Revert *work, Err **err)
{
    const DbView *view = call_view(call);
    work->old_disks = list_disks(view, work->vm);
    return db_vm_power_state(view, work->vm) == VM_POWER_STATE_HALTED ||
           vm_halt(call, work->vm, err);
}

/* The VM's own disks, and its memory: array of VdiRef. */
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
    VdiRef memory = db_vm_suspend_vdi(view, vm);
    if (db_vdi_exists(view, memory)) {
        g_array_append_val(disks, memory);
    }
    return disks;
}

static bool write_rows(Call *call, const Revert *work, Err **err)
{
    const VmCopySpec spec = {.source = work->snapshot, .kind = VM_COPY_CLONE};
    g_autofree char *generation_id = vm_genid_new();
    DbTxn *txn = db_begin(call->db);
    vm_state_delete_devices(txn, work->vm);
    write_fields(txn, work->vm, work->fields);
    db_vm_set_ha_always_run(txn, work->vm, false);
    db_vm_set_generation_id(txn, work->vm, generation_id);
    db_vm_set_parent(txn, work->vm, work->snapshot);
    db_vm_set_suspend_vdi(txn, work->vm, work->memory);
    db_vm_set_power_state(txn, work->vm,
                          vdi_ref_is_null(work->memory) ? VM_POWER_STATE_HALTED
                                                        : VM_POWER_STATE_SUSPENDED);
    vm_copy_vbds(txn, work->vm, &spec, work->disks);
    vm_copy_vifs(txn, work->vm, work->snapshot, true);
    vm_copy_guest_metrics(txn, work->vm, work->snapshot);
    follow_disks(txn, work->disks);
    return db_commit(txn, err);
}

/* What a field names may be gone since. */
static void write_fields(DbTxn *txn, VmRef vm, const Value *fields)
{
    const DbView *view = db_txn_view(txn);
    const DbClass *class_info = &db_view_schema(view)->classes[CLASS_VM];
    for (unsigned i = 0; i < value_count(fields); i++) {
        const char *name = value_name_at(fields, i);
        int field = db_class_find_field(class_info, name);
        if (field < 0 || g_strv_contains(kept_fields, name)) {
            continue;
        }
        const TypeInfo *type = class_info->fields[field].type;
        Value *value = value_at(fields, i);
        bool is_gone = type->kind == TYPE_REF && !db_find(view, type->class_id, value_uuid(value));
        db_set(txn, CLASS_VM, vm.id, field, is_gone ? type_empty_value(type) : value_ref(value));
    }
}

/* The snapshots of a disk that was replaced are those of the one that replaces it. */
static void follow_disks(DbTxn *txn, const VmDiskCopies *disks)
{
    const DbView *view = db_txn_view(txn);
    for (unsigned i = 0; i < disks->count; i++) {
        VdiRef original = db_vdi_snapshot_of(view, disks->sources[i]);
        g_autoptr(GArray) siblings =
            vdi_ref_is_null(original) ? NULL : db_vdi_snapshots_array(view, original);
        for (guint j = 0; siblings && j < siblings->len; j++) {
            db_vdi_set_snapshot_of(txn, g_array_index(siblings, VdiRef, j), disks->copies[i]);
        }
    }
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

/* Clients know what to do about these; everything else is a revert that failed. `why` is taken
 * over. */
static bool explain(const Revert *work, Err *why, Err **err)
{
    static const char *const told[] = {"SR_BACKEND_FAILURE_44", "SR_BACKEND_FAILURE_109",
                                       "TASK_CANCELLED", "OTHER_OPERATION_IN_PROGRESS", NULL};
    if (g_strv_contains(told, why->code)) {
        return err_propagate(err, why);
    }
    g_autoptr(Err) owned = why;
    g_autofree char *text = err_to_string(owned);
    log_warn("the revert to a snapshot failed: %s", text);
    return err_vm_revert_failed(err, REF_TEXT(work->snapshot.id), REF_TEXT(work->vm.id));
}
