/* Snapshots and clones of disks, whether or not a running VM has them open.
 *
 * A disk that is open gets a new overlay underneath the guest's writes: the storage driver makes
 * it, the engine switches to it, the storage driver gives it the disk's name.  For several disks of
 * one VM the engine switches all at one instant. */
#include "core/core.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/undo.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vdi/vdi_rows.h"
#include "ops/vm/vm_boot.h"

/* One disk on its way. */
typedef struct Duplicate {
    Call *call;
    VdiRef source;
    VbdRef vbd; /* the VBD by which a running VM has it open; null: closed */
    SrUse use;
    const char *location; /* (arena) */
    SrImage overlay;      /* when open */
    bool has_overlay;
    SrVdi source_image, copy_image, parent_image;
} Duplicate;

static bool open_duplicate(Call *call, VdiRef source, Duplicate *ret_duplicate, Err **err);
static void duplicate_clear(void *user);
static VbdRef find_open_vbd(const DbView *view, VdiRef vdi);
static bool duplicate_closed(Duplicate *duplicate, VdiCopyKind kind, Err **err);
static bool begin_open(Duplicate *duplicate, Undo *undo, Err **err);
static void abort_open(void *user);
static bool switch_domain(Call *call, VmRef vm, Duplicate *duplicates, unsigned count, Err **err);
static bool commit_open(Duplicate *duplicate, VdiCopyKind kind, Err **err);
static bool write_rows(Call *call, Duplicate *duplicates, unsigned count, VdiCopyKind kind,
                       VdiRef *ret_copies, Err **err);
static VdiRef write_copy(DbTxn *txn, const Duplicate *duplicate, VdiCopyKind kind);

bool vdi_disk_duplicate(Call *call, VdiRef source, VdiCopyKind kind, VdiRef *ret_vdi, Err **err)
{
    const DbView *view = call_view(call);
    VmRef vm = db_vbd_vm(view, find_open_vbd(view, source));
    return vdi_disk_duplicate_all(call, vm, &source, 1, kind, ret_vdi, err);
}

bool vdi_disk_duplicate_all(Call *call, VmRef vm, const VdiRef *sources, unsigned count,
                            VdiCopyKind kind, VdiRef *ret_copies, Err **err)
{
    g_auto(Undo) undo = {0};
    Duplicate *duplicates = arena_new0(call->arena, Duplicate, count);
    unsigned open_count = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!open_duplicate(call, sources[i], &duplicates[i], err)) {
            return false;
        }
        if (!vbd_ref_is_null(duplicates[i].vbd)) {
            open_count++;
            if (!begin_open(&duplicates[i], &undo, err)) {
                return false;
            }
        }
    }
    if (open_count > 0 && !switch_domain(call, vm, duplicates, count, err)) {
        return false;
    }
    undo_disarm(&undo); /* from here on the guest writes to the overlays */
    for (unsigned i = 0; i < count; i++) {
        if (duplicates[i].has_overlay ? !commit_open(&duplicates[i], kind, err)
                                      : !duplicate_closed(&duplicates[i], kind, err)) {
            return false;
        }
    }
    return write_rows(call, duplicates, count, kind, ret_copies, err);
}

static bool open_duplicate(Call *call, VdiRef source, Duplicate *ret_duplicate, Err **err)
{
    const DbView *view = call_view(call);
    ret_duplicate->call = call;
    ret_duplicate->source = source;
    ret_duplicate->vbd = find_open_vbd(view, source);
    ret_duplicate->location = arena_strdup(call->arena, db_vdi_location(view, source));
    arena_own(call->arena, ret_duplicate, duplicate_clear);
    return platform_use_sr(call_platform(call), view, db_vdi_sr(view, source), &ret_duplicate->use,
                           err);
}

static void duplicate_clear(void *user)
{
    Duplicate *duplicate = user;
    sr_image_clear(&duplicate->overlay);
    sr_vdi_clear(&duplicate->source_image);
    sr_vdi_clear(&duplicate->copy_image);
    sr_vdi_clear(&duplicate->parent_image);
}

static VbdRef find_open_vbd(const DbView *view, VdiRef vdi)
{
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi); i++) {
        VbdRef vbd = db_vdi_vbds_at(view, vdi, i);
        VmPowerState state = db_vm_power_state(view, db_vbd_vm(view, vbd));
        bool is_up = state == VM_POWER_STATE_RUNNING || state == VM_POWER_STATE_PAUSED;
        if (is_up && db_vbd_currently_attached(view, vbd) &&
            db_vbd_mode(view, vbd) == VBD_MODE_RW) {
            return vbd;
        }
    }
    return (VbdRef){{{0}}};
}

static bool duplicate_closed(Duplicate *duplicate, VdiCopyKind kind, Err **err)
{
    return duplicate->use.driver->vdi_clone(duplicate->call->op, duplicate->use.sr,
                                            duplicate->location, uuid_generate(),
                                            kind == VDI_COPY_SNAPSHOT, &duplicate->source_image,
                                            &duplicate->copy_image, &duplicate->parent_image, err);
}

static bool begin_open(Duplicate *duplicate, Undo *undo, Err **err)
{
    if (!duplicate->use.driver->live_snapshot_begin(duplicate->call->op, duplicate->use.sr,
                                                    duplicate->location, &duplicate->overlay,
                                                    err)) {
        return false;
    }
    duplicate->has_overlay = true;
    undo_push(undo, abort_open, duplicate);
    return true;
}

static void abort_open(void *user)
{
    Duplicate *duplicate = user;
    duplicate->use.driver->live_snapshot_abort(core_op(duplicate->call->core), duplicate->use.sr,
                                               duplicate->location, &duplicate->overlay, NULL);
}

static bool switch_domain(Call *call, VmRef vm, Duplicate *duplicates, unsigned count, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    const char **ids = arena_new0(call->arena, const char *, count);
    HvImage *overlays = arena_new0(call->arena, HvImage, count);
    unsigned used = 0;
    for (unsigned i = 0; i < count; i++) {
        if (duplicates[i].has_overlay) {
            ids[used] = arena_strdup(call->arena, db_vbd_uuid(view, duplicates[i].vbd));
            overlays[used] = (HvImage){duplicates[i].overlay.path, duplicates[i].overlay.format};
            used++;
        }
    }
    return platform_hv_driver(platform)->disk_snapshot(
        platform_hv(platform), call->op, vm_domain_uuid(view, vm), ids, overlays, used, err);
}

/* Not to be cancelled any more: the guest writes to the overlay already. */
static bool commit_open(Duplicate *duplicate, VdiCopyKind kind, Err **err)
{
    return duplicate->use.driver->live_snapshot_commit(
        core_op(duplicate->call->core), duplicate->use.sr, duplicate->location, &duplicate->overlay,
        uuid_generate(), kind == VDI_COPY_SNAPSHOT, &duplicate->source_image,
        &duplicate->copy_image, &duplicate->parent_image, err);
}

static bool write_rows(Call *call, Duplicate *duplicates, unsigned count, VdiCopyKind kind,
                       VdiRef *ret_copies, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    for (unsigned i = 0; i < count; i++) {
        ret_copies[i] = write_copy(txn, &duplicates[i], kind);
    }
    SrRef sr = db_vdi_sr(db_txn_view(txn), duplicates[0].source);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_disk_refresh_sr(call, sr);
    return true;
}

static VdiRef write_copy(DbTxn *txn, const Duplicate *duplicate, VdiCopyKind kind)
{
    VdiRef source = duplicate->source;
    SrRef sr = db_vdi_sr(db_txn_view(txn), source);
    if (duplicate->parent_image.location) {
        VdiRef parent = vdi_rows_add(txn, sr, &duplicate->parent_image);
        db_vdi_set_name_label(txn, parent, "base copy");
        db_vdi_set_read_only(txn, parent, true);
    }
    VdiRef copy = vdi_rows_add(txn, sr, &duplicate->copy_image);
    vdi_rows_update(txn, source, &duplicate->source_image);
    vdi_rows_describe_as(txn, copy, source);
    if (kind == VDI_COPY_SNAPSHOT) {
        db_vdi_set_is_a_snapshot(txn, copy, true);
        db_vdi_set_snapshot_of(txn, copy, source);
        db_vdi_set_snapshot_time(txn, copy, g_get_real_time() / USEC_PER_SEC);
    }
    return copy;
}
