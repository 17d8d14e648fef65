/* No driver is called here; everything happens within the caller's transaction. */
#include "ops/vdi/vdi_rows.h"

#include "gen/db_crashdump.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"

static bool has_children(const DbView *view, SrRef sr, VdiRef parent);

VdiRef vdi_rows_put(DbTxn *txn, SrRef sr, const SrVdi *image)
{
    VdiRef vdi = vdi_rows_find(db_txn_view(txn), sr, image->location);
    if (vdi_ref_is_null(vdi)) {
        vdi = vdi_rows_add(txn, sr, image);
    }
    vdi_rows_update(txn, vdi, image);
    return vdi;
}

/* An image without an object lost it to a crash, or came from elsewhere: nothing tells what it is
 * but its location. */
VdiRef vdi_rows_add(DbTxn *txn, SrRef sr, const SrVdi *image)
{
    VdiRef vdi = {uuid_generate()};
    g_autofree char *name = image->name      ? g_strdup(image->name)
                            : image->managed ? g_strdup_printf("Unnamed image %s", image->location)
                                             : g_strdup("base copy");
    db_create(txn, CLASS_VDI, vdi.id, image->uuid);
    db_vdi_set_sr(txn, vdi, sr);
    db_vdi_set_name_label(txn, vdi, name);
    db_vdi_set_type(txn, vdi, VDI_TYPE_USER);
    db_vdi_set_location(txn, vdi, image->location);
    db_vdi_set_managed(txn, vdi, image->managed);
    return vdi;
}

void vdi_rows_update(DbTxn *txn, VdiRef vdi, const SrVdi *image)
{
    SrRef sr = db_vdi_sr(db_txn_view(txn), vdi);
    vdi_rows_update_with(txn, vdi, image,
                         image->parent ? vdi_rows_find(db_txn_view(txn), sr, image->parent)
                                       : (VdiRef){{{0}}});
}

void vdi_rows_update_with(DbTxn *txn, VdiRef vdi, const SrVdi *image, VdiRef parent)
{
    db_vdi_set_missing(txn, vdi, image->damaged);
    if (image->damaged) {
        return;
    }
    db_vdi_set_virtual_size(txn, vdi, image->virtual_size);
    db_vdi_set_physical_utilisation(txn, vdi, image->physical_utilisation);
    db_vdi_set_managed(txn, vdi, image->managed);
    if (image->read_only) {
        db_vdi_set_read_only(txn, vdi, true);
    }
    db_vdi_set_sm_config_key(txn, vdi, "image-format", image->format);
    db_vdi_set_parent(txn, vdi, parent);
    db_vdi_set_sm_config_key(txn, vdi, "vhd-parent",
                             vdi_ref_is_null(parent) ? NULL
                                                     : db_vdi_uuid(db_txn_view(txn), parent));
}

VdiRef vdi_rows_find(const DbView *view, SrRef sr, const char *location)
{
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        VdiRef vdi = db_sr_vdis_at(view, sr, i);
        if (strcmp(db_vdi_location(view, vdi), location) == 0) {
            return vdi;
        }
    }
    return (VdiRef){{{0}}};
}

void vdi_rows_remove(DbTxn *txn, VdiRef vdi)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vbds = db_vdi_vbds_array(view, vdi);
    for (guint i = 0; i < vbds->len; i++) {
        VbdRef vbd = g_array_index(vbds, VbdRef, i);
        if (db_vbd_type(view, vbd) == VBD_TYPE_CD) {
            db_vbd_set_vdi(txn, vbd, (VdiRef){{{0}}});
            db_vbd_set_empty(txn, vbd, true);
        } else {
            db_vbd_delete(txn, vbd);
        }
    }
    g_autoptr(GArray) dumps = db_vdi_crash_dumps_array(view, vdi);
    for (guint i = 0; i < dumps->len; i++) {
        db_crashdump_delete(txn, g_array_index(dumps, CrashdumpRef, i));
    }
    g_autoptr(GArray) vms = db_vm_all(view);
    for (guint i = 0; i < vms->len; i++) {
        VmRef vm = g_array_index(vms, VmRef, i);
        if (vdi_ref_equal(db_vm_suspend_vdi(view, vm), vdi)) {
            db_vm_set_suspend_vdi(txn, vm, (VdiRef){{{0}}});
        }
    }
    db_vdi_delete(txn, vdi);
}

void vdi_rows_prune(DbTxn *txn, VdiRef parent)
{
    const DbView *view = db_txn_view(txn);
    while (db_vdi_exists(view, parent) && !db_vdi_managed(view, parent) &&
           !has_children(view, db_vdi_sr(view, parent), parent)) {
        VdiRef next = db_vdi_parent(view, parent);
        vdi_rows_remove(txn, parent);
        parent = next;
    }
}

void vdi_rows_describe_as(DbTxn *txn, VdiRef copy, VdiRef source)
{
    const DbView *view = db_txn_view(txn);
    db_vdi_set_name_label(txn, copy, db_vdi_name_label(view, source));
    db_vdi_set_name_description(txn, copy, db_vdi_name_description(view, source));
    db_vdi_set_type(txn, copy, db_vdi_type(view, source));
    db_vdi_set_sharable(txn, copy, db_vdi_sharable(view, source));
    db_vdi_set_on_boot(txn, copy, db_vdi_on_boot(view, source));
    vdi_rows_copy_maps(txn, copy, db_vdi_other_config(view, source),
                       db_vdi_xenstore_data(view, source), NULL, db_vdi_tags(view, source));
}

void vdi_rows_copy_maps(DbTxn *txn, VdiRef vdi, const Value *other_config,
                        const Value *xenstore_data, const Value *sm_config, const Value *tags)
{
    if (other_config) {
        db_vdi_set_other_config(txn, vdi, value_ref((Value *)other_config));
    }
    if (xenstore_data) {
        db_vdi_set_xenstore_data(txn, vdi, value_ref((Value *)xenstore_data));
    }
    for (unsigned i = 0; i < value_count(sm_config); i++) {
        db_vdi_set_sm_config_key(txn, vdi, value_name_at(sm_config, i),
                                 value_string(value_at(sm_config, i)));
    }
    if (tags) {
        db_vdi_set_tags(txn, vdi, value_ref((Value *)tags));
    }
}

void vdi_rows_set_space(DbTxn *txn, SrRef sr, const SrStat *stat)
{
    const DbView *view = db_txn_view(txn);
    int64_t allocated = 0;
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        allocated += db_vdi_virtual_size(view, db_sr_vdis_at(view, sr, i));
    }
    db_sr_set_physical_size(txn, sr, stat->physical_size);
    db_sr_set_physical_utilisation(txn, sr, stat->physical_utilisation);
    db_sr_set_virtual_allocation(txn, sr, allocated);
}

void vdi_rows_tell_progress(void *call, double done)
{
    call_progress(call, done);
}

static bool has_children(const DbView *view, SrRef sr, VdiRef parent)
{
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        if (vdi_ref_equal(db_vdi_parent(view, db_sr_vdis_at(view, sr, i)), parent)) {
            return true;
        }
    }
    return false;
}
