/* Plug: attach by the driver, then scan. An SR is attached once, whatever asks for it. */
#include "ops/sr/sr_attach.h"

#include "core/core.h"
#include "gen/db_pbd.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/errors.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vdi/vdi_rows.h"

static const char *const *list_of(Call *call, const Value *map);
static bool check_unused(const DbView *view, SrRef sr, Err **err);
static void update_rows(DbTxn *txn, SrRef sr, const GArray *images);
static bool write_attached(Call *call, PbdRef pbd, bool attached, Err **err);

bool sr_attach_config(Call *call, const DbView *view, PbdRef pbd, SrConfig *ret_config,
                      const SrDriver **ret_driver, Err **err)
{
    SrRef sr = db_pbd_sr(view, pbd);
    const char *type = db_sr_type(view, sr);
    const SrDriver *driver = platform_sr_driver(type);
    if (!driver) {
        return err_sr_unknown_driver(err, type);
    }
    SrConfig config = {.device_config = list_of(call, db_pbd_device_config(view, pbd)),
                       .mount_dir = arena_printf(call->arena, "%s/sr-mount/%s",
                                                 platform_paths(call_platform(call))->run_dir,
                                                 db_sr_uuid(view, sr))};
    if (!uuid_parse(db_sr_uuid(view, sr), &config.uuid)) {
        return err_handle_invalid(err, "SR", REF_TEXT(sr.id));
    }
    *ret_config = config;
    *ret_driver = driver;
    return true;
}

bool sr_attach_plug(Call *call, PbdRef pbd, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    SrConfig config;
    const SrDriver *driver;
    if (!sr_attach_config(call, view, pbd, &config, &driver, err)) {
        return false;
    }
    if (!platform_has_sr(platform, config.uuid)) {
        Sr *sr = driver->attach(call->op, &config, err);
        if (!sr) {
            return false;
        }
        platform_put_sr(platform, config.uuid, driver, sr);
    }
    return write_attached(call, pbd, true, err) && sr_attach_scan(call, db_pbd_sr(view, pbd), err);
}

bool sr_attach_unplug(Call *call, PbdRef pbd, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    Uuid uuid;
    if (!check_unused(view, db_pbd_sr(view, pbd), err)) {
        return false;
    }
    const SrDriver *driver;
    Sr *sr = uuid_parse(db_sr_uuid(view, db_pbd_sr(view, pbd)), &uuid)
                 ? platform_take_sr(platform, uuid, &driver)
                 : NULL;
    if (sr && !driver->detach(call->op, sr, err)) {
        platform_put_sr(platform, uuid, driver, sr);
        return false;
    }
    return write_attached(call, pbd, false, err);
}

bool sr_attach_scan(Call *call, SrRef sr, Err **err)
{
    SrUse use;
    if (!platform_use_sr(call_platform(call), call_view(call), sr, &use, err)) {
        return false;
    }
    g_autoptr(GArray) images = use.driver->scan(call->op, use.sr, err);
    if (!images) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    update_rows(txn, sr, images);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_disk_refresh_sr(call, sr);
    return true;
}

static const char *const *list_of(Call *call, const Value *map)
{
    unsigned count = value_count(map);
    const char **list = arena_new0(call->arena, const char *, 2 * count + 1);
    for (unsigned i = 0; i < count; i++) {
        list[2 * i] = arena_strdup(call->arena, value_name_at(map, i));
        list[2 * i + 1] = arena_strdup(call->arena, value_string(value_at(map, i)));
    }
    return list;
}

static bool check_unused(const DbView *view, SrRef sr, Err **err)
{
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        VdiRef vdi = db_sr_vdis_at(view, sr, i);
        for (unsigned j = 0; j < db_vdi_vbds_count(view, vdi); j++) {
            if (db_vbd_currently_attached(view, db_vdi_vbds_at(view, vdi, j))) {
                return err_vdi_in_use(err, REF_TEXT(vdi.id), "unplug");
            }
        }
    }
    return true;
}

static const SrVdi *find_image(const GArray *images, const char *location)
{
    for (guint i = 0; i < images->len; i++) {
        const SrVdi *image = &g_array_index(images, SrVdi, i);
        if (strcmp(image->location, location) == 0) {
            return image;
        }
    }
    return NULL;
}

/* Two rounds over the images: a parent must have its object before a child can name it. */
static void update_rows(DbTxn *txn, SrRef sr, const GArray *images)
{
    g_autoptr(GArray) known = db_sr_vdis_array(db_txn_view(txn), sr);
    for (guint i = 0; i < known->len; i++) {
        VdiRef vdi = g_array_index(known, VdiRef, i);
        if (!find_image(images, db_vdi_location(db_txn_view(txn), vdi))) {
            vdi_rows_remove(txn, vdi);
        }
    }
    for (guint i = 0; i < images->len; i++) {
        const SrVdi *image = &g_array_index(images, SrVdi, i);
        if (vdi_ref_is_null(vdi_rows_find(db_txn_view(txn), sr, image->location))) {
            vdi_rows_add(txn, sr, image);
        }
    }
    for (guint i = 0; i < images->len; i++) {
        const SrVdi *image = &g_array_index(images, SrVdi, i);
        vdi_rows_update(txn, vdi_rows_find(db_txn_view(txn), sr, image->location), image);
    }
}

/* The SR's own operations hang on it: it counts as changed too. */
static bool write_attached(Call *call, PbdRef pbd, bool attached, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_pbd_set_currently_attached(txn, pbd, attached);
    db_touch(txn, CLASS_SR, db_pbd_sr(db_txn_view(txn), pbd).id);
    return db_commit(txn, err);
}
