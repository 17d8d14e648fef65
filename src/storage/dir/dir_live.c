/* Snapshots of an image that a running domain has open, in two steps around the domain's switch
 * to a new overlay.
 *
 * No header is rewritten while the domain runs: the overlay is made over the name that the image
 * will have as a parent, and that name is linked beside the old one before the domain sees the
 * overlay.  Until the commit the old name stays, for QEMU may open it again while it switches. */
#include "storage/dir/dir.h"

#include "base/fd.h"
#include "storage/dir/dir_overlay.h"
#include "storage/sr_fail.h"

static bool check_source(Sr *sr, const DirImage *source, Err **err);
static bool make_next(Op *op, Sr *sr, const DirImage *source, const DirName *base, int *ret_lock,
                      Err **err);
static bool find_next(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                      DirImage *ret_next, Err **err);
static void set_pending(Sr *sr, Uuid uuid, int lock);
static void clear_pending(Sr *sr, Uuid uuid);

bool dir_live_begin(Op *op, Sr *sr, const char *location, SrImage *ret_overlay, Err **err)
{
    DirImage source;
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err) || !dir_image_find(op, sr, location, &source, err) ||
        !check_source(sr, &source, err) || !dir_overlay_check_depth(op, sr, location, err)) {
        return false;
    }
    DirName base = {uuid_generate(), DIR_BASE, source.name.format};
    int lock = -1;
    if (!make_next(op, sr, &source, &base, &lock, err)) {
        return false;
    }
    set_pending(sr, source.name.uuid, lock);
    *ret_overlay = (SrImage){
        .path = dir_sr_path(sr, DIR_NAME(DIR_NEXT, source.name.uuid, "qcow2")),
        .format = g_strdup("qcow2"),
    };
    return true;
}

bool dir_live_commit(Op *op, Sr *sr, const char *location, const SrImage *overlay, Uuid copy_uuid,
                     bool copy_read_only, SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent,
                     Err **err)
{
    DirImage source, next;
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err) || !dir_image_find(op, sr, location, &source, err) ||
        !find_next(op, sr, location, overlay, &next, err) ||
        !dir_image_check_free(op, sr, copy_uuid, err)) {
        return false;
    }
    Uuid uuid = source.name.uuid;
    if (!dir_overlay_take_over(sr, DIR_NAME(DIR_NEXT, uuid, "qcow2"), &source.name, err)) {
        return false;
    }
    clear_pending(sr, uuid);
    return dir_overlay_create(op, sr, copy_uuid, &next.backing, source.virtual_size, copy_read_only,
                              err) &&
           dir_overlay_describe(op, sr, (Uuid[]){uuid, copy_uuid, next.backing.uuid},
                                (SrVdi *[]){ret_source, ret_copy, ret_parent}, err);
}

bool dir_live_abort(Op *op, Sr *sr, const char *location, const SrImage *overlay, Err **err)
{
    DirImage next;
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err) || !find_next(op, sr, location, overlay, &next, err)) {
        return false;
    }
    if (dir_image_in_use(sr, &next.name)) {
        return sr_fail(err, SR_FAIL_VDI_IN_USE,
                       "the domain writes to the new overlay of %s already", location);
    }
    const DirName *base = &next.backing;
    if (!dir_sr_unlink(sr, DIR_NAME(DIR_NEXT, next.name.uuid, "qcow2"), err)) {
        return false;
    }
    clear_pending(sr, next.name.uuid);
    return dir_sr_unlink(sr, DIR_NAME(base->kind, base->uuid, base->format), err);
}

static bool check_source(Sr *sr, const DirImage *source, Err **err)
{
    if (source->name.kind != DIR_LEAF) {
        return sr_fail(err, SR_FAIL_VDI_SNAPSHOT, "%s is a parent of other images",
                       UUID_TEXT(source->name.uuid));
    }
    if (dir_sr_exists(sr, DIR_NAME(DIR_NEXT, source->name.uuid, "qcow2"))) {
        return sr_fail(err, SR_FAIL_VDI_SNAPSHOT, "a snapshot of %s is under way already",
                       UUID_TEXT(source->name.uuid));
    }
    return true;
}

/* The base's name comes first: an overlay is never seen without what it stands on. */
static bool make_next(Op *op, Sr *sr, const DirImage *source, const DirName *base, int *ret_lock,
                      Err **err)
{
    Uuid uuid = source->name.uuid;
    const char *draft = DIR_NAME(DIR_NEW, uuid, NULL);
    if (!dir_overlay_draft(op, sr, uuid, base, source->virtual_size, false, err)) {
        return false;
    }
    auto_fd lock = dir_sr_lock_file(sr, draft, err);
    if (lock < 0 || !dir_overlay_link_base(sr, source, base, err) ||
        !dir_sr_publish(sr, draft, DIR_NAME(DIR_NEXT, uuid, "qcow2"), err)) {
        dir_sr_unlink(sr, draft, NULL);
        dir_sr_unlink(sr, DIR_NAME(base->kind, base->uuid, base->format), NULL);
        return false;
    }
    *ret_lock = fd_steal(&lock);
    return true;
}

static bool find_next(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                      DirImage *ret_next, Err **err)
{
    DirName name = {.kind = DIR_NEXT, .format = "qcow2"};
    DirImage next;
    if (!dir_sr_parse_location(location, &name.uuid, err)) {
        return false;
    }
    g_autofree char *path = dir_sr_path(sr, DIR_NAME(DIR_NEXT, name.uuid, "qcow2"));
    if (!g_str_equal(path, overlay->path)) {
        return sr_fail(err, SR_FAIL_VDI_SNAPSHOT, "%s is not the new overlay of %s", overlay->path,
                       location);
    }
    if (!dir_image_read(op, sr, &name, &next, err)) {
        return false;
    }
    if (!next.has_backing) {
        return sr_fail(err, SR_FAIL_VDI_SNAPSHOT, "the overlay %s stands on nothing", path);
    }
    *ret_next = next;
    return true;
}

static void set_pending(Sr *sr, Uuid uuid, int lock)
{
    LOCK_GUARD(&sr->lock);
    g_hash_table_replace(sr->pending, g_strdup(UUID_TEXT(uuid)), GINT_TO_POINTER(lock + 1));
}

static void clear_pending(Sr *sr, Uuid uuid)
{
    LOCK_GUARD(&sr->lock);
    g_hash_table_remove(sr->pending, UUID_TEXT(uuid));
}
