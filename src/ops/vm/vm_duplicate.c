/* Disks first, then all objects in one transaction: a VM appears whole or not at all. */
#include "ops/vm/vm_duplicate.h"

#include "base/text.h"
#include "core/core.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "ops/undo.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vif/vif_mac.h"

/* The disk VBDs of the source and the VDIs made for them. */
typedef struct DiskCopies {
    Call *call;
    VbdRef *vbds;
    VdiRef *sources, *copies;
    unsigned count;
    unsigned made; /* of `copies`, from the start */
} DiskCopies;

static void list_disks(Call *call, VmRef source, DiskCopies *ret_disks);
static bool copy_disks(Call *call, VmRef source, VmCopyKind kind, SrRef sr, DiskCopies *disks,
                       Err **err);
static void destroy_copies(void *user);
static VmRef write_vm(DbTxn *txn, VmRef source, VmCopyKind kind, const char *new_name);
static void write_snapshot_fields(DbTxn *txn, VmRef snapshot, VmRef source);
static void write_clone_fields(DbTxn *txn, VmRef clone, VmRef source);
static void write_vbds(DbTxn *txn, VmRef vm, VmRef source, const DiskCopies *disks);
static void write_vifs(DbTxn *txn, VmRef vm, VmRef source, VmCopyKind kind);
static void copy_fields(DbTxn *txn, uint16_t class_id, Uuid from, Uuid to);

bool vm_duplicate(Call *call, VmRef source, VmCopyKind kind, const char *new_name, SrRef sr,
                  VmRef *ret_vm, Err **err)
{
    g_auto(Undo) undo = {0};
    DiskCopies *disks = arena_new0(call->arena, DiskCopies, 1);
    list_disks(call, source, disks);
    undo_push(&undo, destroy_copies, disks);
    if (!copy_disks(call, source, kind, sr, disks, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    VmRef vm = write_vm(txn, source, kind, new_name);
    write_vbds(txn, vm, source, disks);
    write_vifs(txn, vm, source, kind);
    if (!db_commit(txn, err)) {
        return false;
    }
    undo_disarm(&undo);
    *ret_vm = vm;
    return true;
}

static void list_disks(Call *call, VmRef source, DiskCopies *ret_disks)
{
    const DbView *view = call_view(call);
    unsigned count = db_vm_vbds_count(view, source);
    ret_disks->call = call;
    ret_disks->vbds = arena_new0(call->arena, VbdRef, count);
    ret_disks->sources = arena_new0(call->arena, VdiRef, count);
    ret_disks->copies = arena_new0(call->arena, VdiRef, count);
    for (unsigned i = 0; i < count; i++) {
        VbdRef vbd = db_vm_vbds_at(view, source, i);
        if (db_vbd_type(view, vbd) != VBD_TYPE_CD && !db_vbd_empty(view, vbd)) {
            ret_disks->vbds[ret_disks->count] = vbd;
            ret_disks->sources[ret_disks->count] = db_vbd_vdi(view, vbd);
            ret_disks->count++;
        }
    }
}

static bool copy_disks(Call *call, VmRef source, VmCopyKind kind, SrRef sr, DiskCopies *disks,
                       Err **err)
{
    if (disks->count == 0) {
        return true;
    }
    if (kind != VM_COPY_FULL) {
        VdiCopyKind disk_kind = kind == VM_COPY_SNAPSHOT ? VDI_COPY_SNAPSHOT : VDI_COPY_CLONE;
        if (!vdi_disk_duplicate_all(call, source, disks->sources, disks->count, disk_kind,
                                    disks->copies, err)) {
            return false;
        }
        disks->made = disks->count;
        return true;
    }
    for (unsigned i = 0; i < disks->count; i++) {
        SrRef target = sr_ref_is_null(sr) ? db_vdi_sr(call_view(call), disks->sources[i]) : sr;
        if (!vdi_disk_copy(call, disks->sources[i], target, &disks->copies[i], err)) {
            return false;
        }
        disks->made++;
    }
    return true;
}

static void destroy_copies(void *user)
{
    DiskCopies *disks = user;
    for (unsigned i = 0; i < disks->made; i++) {
        vdi_disk_destroy(disks->call, disks->copies[i], NULL);
    }
}

static VmRef write_vm(DbTxn *txn, VmRef source, VmCopyKind kind, const char *new_name)
{
    VmRef vm = db_vm_create(txn);
    copy_fields(txn, CLASS_VM, source.id, vm.id);
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

static void write_vbds(DbTxn *txn, VmRef vm, VmRef source, const DiskCopies *disks)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vbds = db_vm_vbds_array(view, source);
    for (guint i = 0; i < vbds->len; i++) {
        VbdRef from = g_array_index(vbds, VbdRef, i);
        VbdRef vbd = db_vbd_create(txn);
        copy_fields(txn, CLASS_VBD, from.id, vbd.id);
        db_vbd_set_vm(txn, vbd, vm);
        db_vbd_set_currently_attached(txn, vbd, false);
        db_vbd_set_current_operations(txn, vbd, value_new_struct(0));
        for (unsigned j = 0; j < disks->count; j++) {
            if (vbd_ref_equal(disks->vbds[j], from)) {
                db_vbd_set_vdi(txn, vbd, disks->copies[j]);
                db_vbd_set_other_config_key(txn, vbd, "owner", "");
            }
        }
    }
}

/* A snapshot keeps the addresses; clones and copies get their own from the new seed. */
static void write_vifs(DbTxn *txn, VmRef vm, VmRef source, VmCopyKind kind)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vifs = db_vm_vifs_array(view, source);
    for (guint i = 0; i < vifs->len; i++) {
        VifRef vif = db_vif_create(txn);
        copy_fields(txn, CLASS_VIF, g_array_index(vifs, VifRef, i).id, vif.id);
        db_vif_set_vm(txn, vif, vm);
        db_vif_set_currently_attached(txn, vif, false);
        db_vif_set_current_operations(txn, vif, value_new_struct(0));
        uint64_t position;
        if (kind != VM_COPY_SNAPSHOT &&
            text_parse_uint(db_vif_device(view, vif), UINT8_MAX, &position)) {
            char mac[VIF_MAC_SIZE];
            vif_mac_generate(db_vm_other_config_get(view, vm, "mac_seed"), position, mac);
            db_vif_set_mac(txn, vif, mac);
            db_vif_set_mac_autogenerated(txn, vif, true);
        }
    }
}

/* Every stored field but the uuid; derived sets follow by themselves. */
static void copy_fields(DbTxn *txn, uint16_t class_id, Uuid from, Uuid to)
{
    const DbClass *class_info = &db_view_schema(db_txn_view(txn))->classes[class_id];
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        if (i != class_info->uuid_field && class_info->fields[i].relation_class == DB_NO_RELATION) {
            db_set(txn, class_id, to, i, value_ref(db_get(db_txn_view(txn), class_id, from, i)));
        }
    }
}
