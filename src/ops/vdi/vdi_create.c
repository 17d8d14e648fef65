/* VDI.create, destroy, introduce and forget. */
#include "base/text.h"
#include "gen/db_sr.h"
#include "gen/db_vdi.h"
#include "gen/errors.h"
#include "gen/ops_vdi.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vdi/vdi_lock.h"
#include "ops/vdi/vdi_rows.h"

static void write_introduced(DbTxn *txn, VdiRef vdi, const VdiIntroduceArgs *args);
static bool check_destroyable(const DbView *view, VdiRef vdi, Err **err);

static const char *text_of(const Value *record, const char *name)
{
    const char *text = value_get_string(record, name);
    return text ? text : "";
}

bool vdi_create(Call *call, const VdiCreateArgs *args, VdiRef *ret_result, Err **err)
{
    const Value *record = args->record;
    SrRef sr = {value_uuid(value_get(record, "SR"))};
    VdiDiskSpec spec = {.sr = sr,
                        .virtual_size = value_int(value_get(record, "virtual_size")),
                        .name_label = text_of(record, "name_label"),
                        .name_description = text_of(record, "name_description"),
                        .sharable = value_bool(value_get(record, "sharable")),
                        .read_only = value_bool(value_get(record, "read_only")),
                        .other_config = value_get(record, "other_config"),
                        .xenstore_data = value_get(record, "xenstore_data"),
                        .sm_config = value_get(record, "sm_config"),
                        .tags = value_get(record, "tags")};
    vdi_type_from_string(text_of(record, "type"), &spec.type);
    if (spec.virtual_size <= 0) {
        g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, spec.virtual_size);
        return err_invalid_value(err, "virtual_size", size);
    }
    if (spec.type == VDI_TYPE_CBT_METADATA) {
        return err_vdi_incompatible_type(err, REF_TEXT((Uuid){{0}}), text_of(record, "type"));
    }
    if (text_equal(value_get_string(spec.sm_config, "type"), "raw")) {
        spec.format = "raw";
    }
    return vdi_disk_create(call, &spec, ret_result, err);
}

bool vdi_destroy(Call *call, const VdiDestroyArgs *args, Err **err)
{
    return check_destroyable(call_view(call), args->self, err) &&
           vdi_disk_destroy(call, args->self, err);
}

bool vdi_introduce(Call *call, const VdiIntroduceArgs *args, VdiRef *ret_result, Err **err)
{
    g_auto(VdiLock) lock = {0};
    g_auto(SrVdi) image = {0};
    Uuid uuid;
    if (*args->uuid && !uuid_parse(args->uuid, &uuid)) {
        return err_uuid_invalid(err, "VDI", args->uuid);
    }
    if (!vdi_lock_take_sr(call, args->sr, "vdi_introduce", &lock, err)) {
        return false;
    }
    if (!vdi_ref_is_null(vdi_rows_find(call_view(call), args->sr, args->location))) {
        return err_location_not_unique(err, REF_TEXT(args->sr.id), args->location);
    }
    if (!lock.use.driver->vdi_stat(call->op, lock.use.sr, args->location, &image, err)) {
        return false;
    }
    if (*args->uuid && !uuid_equal(uuid, image.uuid)) {
        return err_uuid_invalid(err, "VDI", args->uuid);
    }
    DbTxn *txn = db_begin(call->db);
    *ret_result = vdi_rows_put(txn, args->sr, &image);
    write_introduced(txn, *ret_result, args);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_disk_refresh_sr(call, args->sr);
    return true;
}

bool vdi_forget(Call *call, const VdiForgetArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    vdi_rows_remove(txn, args->vdi);
    return db_commit(txn, err);
}

static void write_introduced(DbTxn *txn, VdiRef vdi, const VdiIntroduceArgs *args)
{
    db_vdi_set_name_label(txn, vdi, args->name_label);
    db_vdi_set_name_description(txn, vdi, args->name_description);
    db_vdi_set_type(txn, vdi, args->type);
    db_vdi_set_sharable(txn, vdi, args->sharable);
    if (args->read_only) {
        db_vdi_set_read_only(txn, vdi, true);
    }
    if (args->is_a_snapshot) {
        db_vdi_set_is_a_snapshot(txn, vdi, true);
        db_vdi_set_snapshot_of(txn, vdi, args->snapshot_of);
        db_vdi_set_snapshot_time(txn, vdi, args->snapshot_time);
    }
    vdi_rows_copy_maps(txn, vdi, args->other_config, args->xenstore_data, args->sm_config, NULL);
}

static bool check_destroyable(const DbView *view, VdiRef vdi, Err **err)
{
    SrRef sr = db_vdi_sr(view, vdi);
    if (!db_vdi_managed(view, vdi)) {
        return err_vdi_not_managed(err, REF_TEXT(vdi.id));
    }
    if (db_vdi_type(view, vdi) == VDI_TYPE_RRD) {
        return err_vdi_has_rrds(err, REF_TEXT(vdi.id));
    }
    return !db_sr_is_tools_sr(view, sr) || err_sr_operation_not_supported(err, REF_TEXT(sr.id));
}
