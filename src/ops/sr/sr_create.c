/* SR.create, introduce, destroy and forget. */
#include "base/text.h"
#include "core/core.h"
#include "gen/db_pbd.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_sr.h"
#include "ops/sr/sr_attach.h"
#include "ops/vdi/vdi_rows.h"

static bool create_rows(Call *call, const SrCreateArgs *args, const SrDriver *driver, SrRef *ret_sr,
                        PbdRef *ret_pbd, Err **err);
static bool make(Call *call, PbdRef pbd, Err **err);
static bool erase(Call *call, PbdRef pbd, Err **err);
static bool check_empty(Call *call, const SrDriver *driver, const SrConfig *config, Err **err);
static bool delete_rows(Call *call, SrRef sr, Err **err);
static void forget_settings(DbTxn *txn, PoolRef pool, SrRef sr);
static PbdRef find_local_pbd(Call *call, SrRef sr);

bool sr_create(Call *call, const SrCreateArgs *args, SrRef *ret_result, Err **err)
{
    g_autofree char *type = g_ascii_strdown(args->type, -1);
    const SrDriver *driver = platform_sr_driver(type);
    HostRef here = platform_host(call_platform(call));
    if (!driver) {
        return err_sr_unknown_driver(err, type);
    }
    if (!(driver->caps & SR_CAP_CREATE)) {
        return err_sr_operation_not_supported(err, type);
    }
    if (!host_ref_equal(args->host, here)) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    SrRef sr;
    PbdRef pbd;
    if (!create_rows(call, args, driver, &sr, &pbd, err)) {
        return false;
    }
    if (!make(call, pbd, err)) {
        delete_rows(call, sr, NULL);
        return false;
    }
    *ret_result = sr;
    return true;
}

bool sr_introduce(Call *call, const SrIntroduceArgs *args, SrRef *ret_result, Err **err)
{
    g_autofree char *type = g_ascii_strdown(args->type, -1);
    Uuid uuid = uuid_generate();
    if (*args->uuid && !uuid_parse(args->uuid, &uuid)) {
        return err_uuid_invalid(err, "SR", args->uuid);
    }
    if (!platform_sr_driver(type)) {
        return err_sr_unknown_driver(err, type);
    }
    DbTxn *txn = db_begin(call->db);
    if (db_find_by_uuid(db_txn_view(txn), CLASS_SR, uuid)) {
        db_abort(txn);
        return err_sr_uuid_exists(err, args->uuid);
    }
    SrRef sr = {uuid_generate()};
    db_create(txn, CLASS_SR, sr.id, uuid);
    db_sr_set_name_label(txn, sr, args->name_label);
    db_sr_set_name_description(txn, sr, args->name_description);
    db_sr_set_type(txn, sr, type);
    db_sr_set_content_type(
        txn, sr, *args->content_type ? args->content_type : platform_sr_driver(type)->content_type);
    db_sr_set_shared(txn, sr, args->shared);
    db_sr_set_sm_config(txn, sr, value_ref((Value *)args->sm_config));
    db_sr_set_physical_size(txn, sr, -1);
    db_sr_set_physical_utilisation(txn, sr, -1);
    db_sr_set_virtual_allocation(txn, sr, -1);
    *ret_result = sr;
    return db_commit(txn, err);
}

bool sr_destroy(Call *call, const SrDestroyArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    PbdRef pbd = find_local_pbd(call, args->sr);
    if (text_equal(db_sr_other_config_get(view, args->sr, "indestructible"), "true")) {
        return err_sr_indestructible(err, REF_TEXT(args->sr.id));
    }
    if (db_sr_local_cache_enabled(view, args->sr)) {
        return err_sr_is_cache_sr(err, REF_TEXT(platform_host(call_platform(call)).id));
    }
    if (pbd_ref_is_null(pbd)) {
        return err_sr_has_no_pbds(err, REF_TEXT(args->sr.id));
    }
    return erase(call, pbd, err) && delete_rows(call, args->sr, err);
}

bool sr_forget(Call *call, const SrForgetArgs *args, Err **err)
{
    return delete_rows(call, args->sr, err);
}

static bool create_rows(Call *call, const SrCreateArgs *args, const SrDriver *driver, SrRef *ret_sr,
                        PbdRef *ret_pbd, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    SrRef sr = db_sr_create(txn);
    PbdRef pbd = db_pbd_create(txn);
    db_sr_set_name_label(txn, sr, args->name_label);
    db_sr_set_name_description(txn, sr, args->name_description);
    db_sr_set_type(txn, sr, driver->type);
    db_sr_set_content_type(txn, sr,
                           *args->content_type ? args->content_type : driver->content_type);
    db_sr_set_shared(txn, sr, args->shared);
    db_sr_set_sm_config(txn, sr, value_ref((Value *)args->sm_config));
    db_pbd_set_host(txn, pbd, args->host);
    db_pbd_set_sr(txn, pbd, sr);
    db_pbd_set_device_config(txn, pbd, value_ref((Value *)args->device_config));
    db_pbd_set_currently_attached(txn, pbd, false);
    *ret_sr = sr;
    *ret_pbd = pbd;
    return db_commit(txn, err);
}

/* A medium that was made and cannot be attached is erased again: it would be in the way of the next
 * attempt. */
static bool make(Call *call, PbdRef pbd, Err **err)
{
    SrConfig config;
    const SrDriver *driver;
    if (!sr_attach_config(call, call_view(call), pbd, &config, &driver, err) ||
        !driver->create(call->op, &config, err)) {
        return false;
    }
    if (sr_attach_plug(call, pbd, err)) {
        return true;
    }
    g_autoptr(Op) op = core_undo_op();
    driver->destroy(op, &config, NULL);
    return false;
}

/* What lies on the medium counts, not which objects there are: an SR that was introduced and never
 * plugged has none.  Nobody plugs it meanwhile, the turn is ours. */
static bool erase(Call *call, PbdRef pbd, Err **err)
{
    SrConfig config;
    const SrDriver *driver;
    g_auto(SrTurn) turn = {0};
    return sr_attach_config(call, call_view(call), pbd, &config, &driver, err) &&
           sr_table_take_turn(platform_srs(call_platform(call)), call->op, config.uuid, &turn,
                              err) &&
           (!sr_turn_is_attached(&turn) ||
            err_sr_has_pbd(err, REF_TEXT(db_pbd_sr(call_view(call), pbd).id))) &&
           check_empty(call, driver, &config, err) && driver->destroy(call->op, &config, err);
}

static bool check_empty(Call *call, const SrDriver *driver, const SrConfig *config, Err **err)
{
    g_autoptr(Op) undo_op = core_undo_op();
    Sr *sr = driver->attach(call->op, config, err);
    if (!sr) {
        return false;
    }
    g_autoptr(GArray) images = driver->scan(call->op, sr, err);
    bool ok = images != NULL;
    for (guint i = 0; ok && i < images->len; i++) {
        ok = !g_array_index(images, SrVdi, i).managed || err_sr_not_empty(err);
    }
    bool detached = driver->detach(undo_op, sr, ok ? err : NULL);
    return ok && detached;
}

/* The SR with its PBDs and VDIs; settings that name it forget it. */
static bool delete_rows(Call *call, SrRef sr, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) pbds = db_sr_pbds_array(view, sr);
    for (guint i = 0; i < pbds->len; i++) {
        db_pbd_delete(txn, g_array_index(pbds, PbdRef, i));
    }
    g_autoptr(GArray) vdis = db_sr_vdis_array(view, sr);
    for (guint i = 0; i < vdis->len; i++) {
        vdi_rows_remove(txn, g_array_index(vdis, VdiRef, i));
    }
    forget_settings(txn, platform_pool(call_platform(call)), sr);
    db_sr_delete(txn, sr);
    return db_commit(txn, err);
}

static void forget_settings(DbTxn *txn, PoolRef pool, SrRef sr)
{
    const DbView *view = db_txn_view(txn);
    const SrRef none = {{{0}}};
    if (sr_ref_equal(db_pool_default_sr(view, pool), sr)) {
        db_pool_set_default_sr(txn, pool, none);
    }
    if (sr_ref_equal(db_pool_suspend_image_sr(view, pool), sr)) {
        db_pool_set_suspend_image_sr(txn, pool, none);
    }
    if (sr_ref_equal(db_pool_crash_dump_sr(view, pool), sr)) {
        db_pool_set_crash_dump_sr(txn, pool, none);
    }
}

static PbdRef find_local_pbd(Call *call, SrRef sr)
{
    const DbView *view = call_view(call);
    HostRef here = platform_host(call_platform(call));
    for (unsigned i = 0; i < db_sr_pbds_count(view, sr); i++) {
        PbdRef pbd = db_sr_pbds_at(view, sr, i);
        if (host_ref_equal(db_pbd_host(view, pbd), here)) {
            return pbd;
        }
    }
    return (PbdRef){{{0}}};
}
