/* Image first, object second when something is made; image first too when it is destroyed: an image
 * without an object is found and offered by SR.scan, an object without an image would be a lie.
 * But for images that count only later (vdi_announce.h): nobody should be offered one that is not
 * complete. */
#include "ops/vdi/vdi_disk.h"

#include "base/log.h"
#include "core/core.h"
#include "gen/db_sr.h"
#include "gen/db_vdi.h"
#include "ops/vdi/vdi_announce.h"
#include "ops/vdi/vdi_lock.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vdi/vdi_rows.h"
#include "ops/vdi/vdi_sync.h"

static bool copy_image(Call *call, VdiRef source, SrRef sr, bool finished, SrProgress progress,
                       void *user, VdiRef *ret_vdi, Err **err);
static bool announce(Call *call, SrRef sr, Uuid uuid, VdiRef *ret_vdi, Err **err);
static void withdraw(Call *call, VdiRef announced);
static void write_spec(DbTxn *txn, VdiRef vdi, const VdiDiskSpec *spec);
static void refresh_space(Call *call, SrRef sr, const SrUse *use);

bool vdi_disk_create(Call *call, const VdiDiskSpec *spec, VdiRef *ret_vdi, Err **err)
{
    g_auto(VdiLock) lock = {0};
    g_auto(SrVdi) made = {0};
    VdiRef announced = {{{0}}};
    Uuid uuid = uuid_generate();
    if (!vdi_lock_take_sr(call, spec->sr, "vdi_create", &lock, err) ||
        (spec->type == VDI_TYPE_SUSPEND && !announce(call, spec->sr, uuid, &announced, err))) {
        return false;
    }
    if (!lock.use.driver->vdi_create(call->op, lock.use.sr, uuid, spec->virtual_size, spec->format,
                                     &made, err)) {
        withdraw(call, announced);
        return false;
    }
    sr_use_note_change(&lock.use);
    DbTxn *txn = db_begin(call->db);
    VdiRef vdi = vdi_announce_put(txn, spec->sr, &made, announced);
    write_spec(txn, vdi, spec);
    if (!db_commit(txn, err)) {
        return false;
    }
    refresh_space(call, spec->sr, &lock.use);
    *ret_vdi = vdi;
    return true;
}

/* Not to be cancelled: it is what takes back other things that were. */
bool vdi_disk_destroy(Call *call, VdiRef vdi, Err **err)
{
    const DbView *view = call_view(call);
    SrRef sr = db_vdi_sr(view, vdi);
    g_autoptr(Op) op = core_undo_op();
    g_auto(VdiLock) lock = {0};
    if (!vdi_lock_take(call, vdi, "destroy", &lock, err) ||
        !lock.use.driver->vdi_destroy(op, lock.use.sr, db_vdi_location(view, vdi), err)) {
        return false;
    }
    sr_use_note_change(&lock.use);
    DbTxn *txn = db_begin(call->db);
    VdiRef parent = db_vdi_parent(db_txn_view(txn), vdi);
    vdi_rows_remove(txn, vdi);
    vdi_rows_prune(txn, parent);
    if (!db_commit(txn, err)) {
        return false;
    }
    refresh_space(call, sr, &lock.use);
    vdi_merge_request(platform_merger(call_platform(call)), sr);
    return true;
}

bool vdi_disk_copy(Call *call, VdiRef source, SrRef sr, VdiRef *ret_vdi, Err **err)
{
    return copy_image(call, source, sr, true, vdi_rows_tell_progress, call, ret_vdi, err);
}

bool vdi_disk_copy_unfinished(Call *call, VdiRef source, SrRef sr, SrProgress progress, void *user,
                              VdiRef *ret_vdi, Err **err)
{
    return copy_image(call, source, sr, false, progress, user, ret_vdi, err);
}

void vdi_disk_refresh_sr(Call *call, SrRef sr)
{
    g_auto(SrUse) use = {0};
    if (platform_use_sr(call_platform(call), call_view(call), sr, &use, NULL)) {
        refresh_space(call, sr, &use);
    }
}

static void write_spec(DbTxn *txn, VdiRef vdi, const VdiDiskSpec *spec)
{
    db_vdi_set_name_label(txn, vdi, spec->name_label);
    db_vdi_set_name_description(txn, vdi, spec->name_description);
    db_vdi_set_type(txn, vdi, spec->type);
    db_vdi_set_sharable(txn, vdi, spec->sharable);
    db_vdi_set_read_only(txn, vdi, spec->read_only);
    vdi_rows_copy_maps(txn, vdi, spec->other_config, spec->xenstore_data, spec->sm_config,
                       spec->tags);
}

static bool copy_image(Call *call, VdiRef source, SrRef sr, bool finished, SrProgress progress,
                       void *user, VdiRef *ret_vdi, Err **err)
{
    const DbView *view = call_view(call);
    g_auto(VdiLock) target = {0};
    g_auto(VdiLock) lock = {0};
    g_auto(SrVdi) made = {0};
    VdiRef announced = {{{0}}};
    Uuid uuid = uuid_generate();
    if (!vdi_lock_take_sr(call, sr, "vdi_create", &target, err) ||
        !vdi_lock_take(call, source, "copy", &lock, err) ||
        (!finished && !announce(call, sr, uuid, &announced, err))) {
        return false;
    }
    if (!lock.use.driver->vdi_copy(call->op, lock.use.sr, db_vdi_location(view, source),
                                   target.use.driver, target.use.sr, uuid, progress, user, &made,
                                   err)) {
        withdraw(call, announced);
        return false;
    }
    sr_use_note_change(&target.use);
    DbTxn *txn = db_begin(call->db);
    VdiRef vdi = vdi_announce_put(txn, sr, &made, announced);
    if (finished) {
        vdi_rows_describe_as(txn, vdi, source);
    } else {
        db_vdi_set_type(txn, vdi, VDI_TYPE_SUSPEND);
    }
    if (!db_commit(txn, err)) {
        return false;
    }
    refresh_space(call, sr, &target.use);
    *ret_vdi = vdi;
    return true;
}

static bool announce(Call *call, SrRef sr, Uuid uuid, VdiRef *ret_vdi, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    *ret_vdi = vdi_announce(txn, sr, uuid);
    return db_commit(txn, err);
}

static void withdraw(Call *call, VdiRef announced)
{
    DbTxn *txn = db_begin(call->db);
    vdi_announce_withdraw(txn, announced);
    db_commit_async(txn);
}

/* What was done stays done when the space cannot be told. */
static void refresh_space(Call *call, SrRef sr, const SrUse *use)
{
    g_autoptr(Err) error = NULL;
    if (!vdi_sync_space(call, sr, use, &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("the space of SR %s is not known: %s", db_sr_uuid(call_view(call), sr), text);
    }
}
