/* Snapshots and clones of disks, whether or not a running VM has them open.
 *
 * A disk that is open gets a new overlay underneath the guest's writes: the storage driver makes
 * it, the engine switches to it, the storage driver gives it the disk's name.  For several disks of
 * one VM the engine switches all at one instant.
 *
 * The copies are announced first: those of a daemon that dies before it can say what they are
 * copies of are taken back by the next one. */
#include "base/log.h"
#include "core/core.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/undo.h"
#include "ops/vdi/vdi_announce.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vdi/vdi_lock.h"
#include "ops/vdi/vdi_rows.h"
#include "ops/vdi/vdi_sync.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_turn.h"

/* One disk on its way. */
typedef struct Duplicate {
    Call *call;
    VdiRef source;
    VdiLock lock;
    VbdRef vbd;           /* the VBD by which a running VM has it open; null: closed */
    const char *location; /* (arena) */
    SrImage overlay;      /* when open */
    Uuid copy_uuid;
    VdiRef announced; /* the copy's object, from before there is an image */
    SrVdi source_image, copy_image, parent_image;
} Duplicate;

typedef struct Duplicates {
    Call *call;
    VdiCopyKind kind;
    Duplicate *items; /* (arena) */
    unsigned count;
} Duplicates;

static void duplicates_clear(Duplicates *all);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Duplicates, duplicates_clear)
static bool take_disk(Duplicates *all, VdiRef source, Err **err);
static bool announce(Duplicates *all, Undo *undo, Err **err);
static void withdraw(void *user);
static bool begin_open(Duplicate *duplicate, Undo *undo, Err **err);
static void abort_open(void *user);
static bool switch_domain(const Duplicates *all, VmRef vm, Err **err);
static bool finish_all(const Duplicates *all, Err **err);
static bool finish(Duplicate *duplicate, VdiCopyKind kind, Err **err);
static void drop_copies(const Duplicates *all);
static bool write_rows(const Duplicates *all, VdiRef *ret_copies, Err **err);
static VdiRef write_copy(DbTxn *txn, const Duplicate *duplicate, VdiCopyKind kind);

VbdRef vdi_disk_find_open_vbd(const DbView *view, VdiRef vdi)
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

bool vdi_disk_duplicate(Call *call, VdiRef source, VdiCopyKind kind, VdiRef *ret_vdi, Err **err)
{
    const DbView *view = call_view(call);
    VmRef vm = db_vbd_vm(view, vdi_disk_find_open_vbd(view, source));
    return vdi_disk_duplicate_all(call, vm, &source, 1, kind, ret_vdi, err);
}

bool vdi_disk_duplicate_all(Call *call, VmRef vm, const VdiRef *sources, unsigned count,
                            VdiCopyKind kind, VdiRef *ret_copies, Err **err)
{
    g_auto(Duplicates) all = {call, kind, arena_new0(call->arena, Duplicate, count), 0};
    g_auto(Undo) undo = {0};
    for (unsigned i = 0; i < count; i++) {
        if (!take_disk(&all, sources[i], err) || !begin_open(&all.items[i], &undo, err)) {
            return false;
        }
    }
    if (!announce(&all, &undo, err) || !switch_domain(&all, vm, err)) {
        return false;
    }
    undo_disarm(&undo); /* from here on the guest writes to the overlays */
    if (!finish_all(&all, err)) {
        drop_copies(&all);
        return false;
    }
    return write_rows(&all, ret_copies, err);
}

static void duplicates_clear(Duplicates *all)
{
    for (unsigned i = 0; i < all->count; i++) {
        Duplicate *duplicate = &all->items[i];
        sr_image_clear(&duplicate->overlay);
        sr_vdi_clear(&duplicate->source_image);
        sr_vdi_clear(&duplicate->copy_image);
        sr_vdi_clear(&duplicate->parent_image);
        vdi_lock_clear(&duplicate->lock);
    }
}

/* Who has the disk open is asked once the lock is there: it does not change any more then. */
static bool take_disk(Duplicates *all, VdiRef source, Err **err)
{
    Call *call = all->call;
    bool is_snapshot = all->kind == VDI_COPY_SNAPSHOT;
    Duplicate *duplicate = &all->items[all->count];
    if (is_snapshot && db_vdi_sharable(call_view(call), source)) {
        return err_vdi_is_sharable(err, REF_TEXT(source.id));
    }
    if (!vdi_lock_take(call, source, is_snapshot ? "snapshot" : "clone", &duplicate->lock, err)) {
        return false;
    }
    all->count++;
    const DbView *view = call_view(call);
    duplicate->call = call;
    duplicate->source = source;
    duplicate->vbd = vdi_disk_find_open_vbd(view, source);
    duplicate->location = arena_strdup(call->arena, db_vdi_location(view, source));
    return true;
}

static bool announce(Duplicates *all, Undo *undo, Err **err)
{
    DbTxn *txn = db_begin(all->call->db);
    for (unsigned i = 0; i < all->count; i++) {
        Duplicate *duplicate = &all->items[i];
        duplicate->copy_uuid = uuid_generate();
        duplicate->announced =
            vdi_announce(txn, db_vdi_sr(db_txn_view(txn), duplicate->source), duplicate->copy_uuid);
    }
    undo_push(undo, withdraw, all);
    return db_commit(txn, err);
}

static void withdraw(void *user)
{
    const Duplicates *all = user;
    DbTxn *txn = db_begin(all->call->db);
    for (unsigned i = 0; i < all->count; i++) {
        vdi_announce_withdraw(txn, all->items[i].announced);
    }
    db_commit_async(txn);
}

/* Nothing is to be done for a closed one. */
static bool begin_open(Duplicate *duplicate, Undo *undo, Err **err)
{
    const SrUse *use = &duplicate->lock.use;
    if (vbd_ref_is_null(duplicate->vbd)) {
        return true;
    }
    if (!use->driver->live_snapshot_begin(duplicate->call->op, use->sr, duplicate->location,
                                          &duplicate->overlay, err)) {
        return false;
    }
    undo_push(undo, abort_open, duplicate);
    return true;
}

static void abort_open(void *user)
{
    Duplicate *duplicate = user;
    const SrUse *use = &duplicate->lock.use;
    g_autoptr(Err) error = NULL;
    g_autoptr(Op) op = core_undo_op();
    if (!use->driver->live_snapshot_abort(op, use->sr, duplicate->location, &duplicate->overlay,
                                          &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("the overlay of a snapshot that failed stays: %s", text);
    }
}

static bool switch_domain(const Duplicates *all, VmRef vm, Err **err)
{
    Call *call = all->call;
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    const char **ids = arena_new0(call->arena, const char *, all->count);
    HvImage *overlays = arena_new0(call->arena, HvImage, all->count);
    unsigned used = 0;
    g_auto(VmTurn) turn = {0};
    for (unsigned i = 0; i < all->count; i++) {
        const SrImage *overlay = &all->items[i].overlay;
        if (overlay->path) {
            ids[used] = arena_strdup(call->arena, db_vbd_uuid(view, all->items[i].vbd));
            overlays[used] = (HvImage){overlay->path, overlay->format};
            used++;
        }
    }
    return used == 0 || (vm_turn_take(call, vm, &turn, err) &&
                         platform_hv_driver(platform)->disk_snapshot(
                             platform_hv(platform), call->op, vm_domain_uuid(view, vm), ids,
                             overlays, used, err));
}

/* What the guest writes to must get the disk's name even when another disk failed. */
static bool finish_all(const Duplicates *all, Err **err)
{
    g_autoptr(Err) error = NULL;
    for (unsigned i = 0; i < all->count; i++) {
        Duplicate *duplicate = &all->items[i];
        if (!error || duplicate->overlay.path) {
            finish(duplicate, all->kind, error ? NULL : &error);
            sr_use_note_change(&duplicate->lock.use);
        }
    }
    return !error || err_propagate(err, g_steal_pointer(&error));
}

/* A switched disk is not to be cancelled any more. */
static bool finish(Duplicate *duplicate, VdiCopyKind kind, Err **err)
{
    const SrUse *use = &duplicate->lock.use;
    bool read_only = kind == VDI_COPY_SNAPSHOT;
    g_autoptr(Op) op = core_undo_op();
    return duplicate->overlay.path
               ? use->driver->live_snapshot_commit(
                     op, use->sr, duplicate->location, &duplicate->overlay, duplicate->copy_uuid,
                     read_only, &duplicate->source_image, &duplicate->copy_image,
                     &duplicate->parent_image, err)
               : use->driver->vdi_clone(duplicate->call->op, use->sr, duplicate->location,
                                        duplicate->copy_uuid, read_only, &duplicate->source_image,
                                        &duplicate->copy_image, &duplicate->parent_image, err);
}

/* The sources have new parents whatever became of the copies: a scan tells the database, also that
 * an announced copy is not there. */
static void drop_copies(const Duplicates *all)
{
    g_autoptr(Op) op = core_undo_op();
    for (unsigned i = 0; i < all->count; i++) {
        const Duplicate *duplicate = &all->items[i];
        const SrUse *use = &duplicate->lock.use;
        Call *call = duplicate->call;
        g_autoptr(Err) error = NULL;
        bool ok = !duplicate->copy_image.location ||
                  use->driver->vdi_destroy(op, use->sr, duplicate->copy_image.location, &error);
        SrRef sr = db_vdi_sr(call_view(call), duplicate->source);
        if (!ok || !vdi_sync(call, sr, use, &error)) {
            g_autofree char *text = err_to_string(error);
            log_warn("what a failed copy of disks left is not cleaned up: %s", text);
        }
    }
}

static bool write_rows(const Duplicates *all, VdiRef *ret_copies, Err **err)
{
    Call *call = all->call;
    DbTxn *txn = db_begin(call->db);
    for (unsigned i = 0; i < all->count; i++) {
        ret_copies[i] = write_copy(txn, &all->items[i], all->kind);
    }
    if (!db_commit(txn, err)) {
        return false;
    }
    for (unsigned i = 0; i < all->count; i++) {
        vdi_disk_refresh_sr(call, db_vdi_sr(call_view(call), all->items[i].source));
    }
    return true;
}

static VdiRef write_copy(DbTxn *txn, const Duplicate *duplicate, VdiCopyKind kind)
{
    VdiRef source = duplicate->source;
    SrRef sr = db_vdi_sr(db_txn_view(txn), source);
    if (duplicate->parent_image.location) {
        vdi_rows_put(txn, sr, &duplicate->parent_image);
    }
    VdiRef copy = vdi_announce_put(txn, sr, &duplicate->copy_image, duplicate->announced);
    vdi_rows_update(txn, source, &duplicate->source_image);
    vdi_rows_describe_as(txn, copy, source);
    if (kind == VDI_COPY_SNAPSHOT) {
        db_vdi_set_is_a_snapshot(txn, copy, true);
        db_vdi_set_snapshot_of(txn, copy, source);
        db_vdi_set_snapshot_time(txn, copy, g_get_real_time() / USEC_PER_SEC);
    }
    return copy;
}
