/* Image first, object second when something is made; image first too when it is destroyed: an image
 * without an object is found and offered by SR.scan, an object without an image would be a lie. */
#include "ops/vdi/vdi_disk.h"

#include "base/log.h"
#include "core/core.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/vdi/vdi_rows.h"

bool vdi_disk_create(Call *call, const VdiDiskSpec *spec, VdiRef *ret_vdi, Err **err)
{
    SrUse use;
    g_auto(SrVdi) made = {0};
    if (!platform_use_sr(call_platform(call), call_view(call), spec->sr, &use, err) ||
        !use.driver->vdi_create(call->op, use.sr, uuid_generate(), spec->virtual_size, spec->format,
                                &made, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    VdiRef vdi = vdi_rows_add(txn, spec->sr, &made);
    db_vdi_set_name_label(txn, vdi, spec->name_label);
    db_vdi_set_name_description(txn, vdi, spec->name_description);
    db_vdi_set_type(txn, vdi, spec->type);
    db_vdi_set_sharable(txn, vdi, spec->sharable);
    db_vdi_set_read_only(txn, vdi, spec->read_only);
    vdi_rows_copy_maps(txn, vdi, spec->other_config, spec->xenstore_data, spec->sm_config,
                       spec->tags);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_disk_refresh_sr(call, spec->sr);
    *ret_vdi = vdi;
    return true;
}

bool vdi_disk_destroy(Call *call, VdiRef vdi, Err **err)
{
    const DbView *view = call_view(call);
    SrRef sr = db_vdi_sr(view, vdi);
    SrUse use;
    if (!platform_use_sr(call_platform(call), view, sr, &use, err) ||
        !use.driver->vdi_destroy(core_op(call->core), use.sr, db_vdi_location(view, vdi), err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    vdi_rows_remove(txn, vdi);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_disk_refresh_sr(call, sr);
    return true;
}

bool vdi_disk_copy(Call *call, VdiRef source, SrRef sr, VdiRef *ret_vdi, Err **err)
{
    const DbView *view = call_view(call);
    SrUse from, to;
    g_auto(SrVdi) made = {0};
    if (!platform_use_sr(call_platform(call), view, db_vdi_sr(view, source), &from, err) ||
        !platform_use_sr(call_platform(call), view, sr, &to, err) ||
        !from.driver->vdi_copy(call->op, from.sr, db_vdi_location(view, source), to.driver, to.sr,
                               uuid_generate(), vdi_rows_tell_progress, call, &made, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    *ret_vdi = vdi_rows_add(txn, sr, &made);
    vdi_rows_describe_as(txn, *ret_vdi, source);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_disk_refresh_sr(call, sr);
    return true;
}

void vdi_disk_refresh_sr(Call *call, SrRef sr)
{
    SrUse use;
    SrStat stat;
    g_autoptr(Err) error = NULL;
    if (!platform_use_sr(call_platform(call), call_view(call), sr, &use, &error) ||
        !use.driver->stat(call->op, use.sr, &stat, &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("the space of SR %s is not known: %s", db_sr_uuid(call_view(call), sr), text);
        return;
    }
    DbTxn *txn = db_begin(call->db);
    vdi_rows_set_space(txn, sr, &stat);
    db_commit_async(txn);
}
