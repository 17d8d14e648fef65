/* Copies of an image that is open nowhere, sharing a parent with it.  Each step leaves the folder
 * in a state that dir_repair.c resolves; docs/internals/storage.md lists them. */
#include "storage/dir/dir.h"

#include "storage/dir/dir_overlay.h"
#include "storage/sr_fail.h"

static bool find_source(Op *op, Sr *sr, const char *location, DirImage *ret_source, Err **err);
static bool split(Op *op, Sr *sr, const DirImage *source, DirName *ret_base, Err **err);
static bool is_untouched(const Sr *sr, const DirImage *source, const char *draft);

bool dir_clone(Op *op, Sr *sr, const char *location, Uuid copy_uuid, bool copy_read_only,
               SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent, Err **err)
{
    DirImage source;
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err) || !find_source(op, sr, location, &source, err) ||
        !dir_image_check_free(op, sr, copy_uuid, err)) {
        return false;
    }
    DirName parent;
    if (!split(op, sr, &source, &parent, err) ||
        !dir_overlay_create(op, sr, copy_uuid, &parent, source.virtual_size, copy_read_only, err)) {
        return false;
    }
    return dir_overlay_describe(op, sr, (Uuid[]){source.name.uuid, copy_uuid, parent.uuid},
                                (SrVdi *[]){ret_source, ret_copy, ret_parent}, err);
}

static bool find_source(Op *op, Sr *sr, const char *location, DirImage *ret_source, Err **err)
{
    DirImage source;
    if (!dir_image_find(op, sr, location, &source, err)) {
        return false;
    }
    if (source.name.kind != DIR_LEAF) {
        return sr_fail(err, SR_FAIL_VDI_CLONE,
                       "%s is a parent of other images and cannot be cloned", location);
    }
    if (dir_image_in_use(sr, &source.name)) {
        return sr_fail(err, SR_FAIL_VDI_IN_USE, "image %s is in use and cannot be cloned",
                       location);
    }
    *ret_source = source;
    return true;
}

/* Finds or makes the base that source and copy will share.  A source to which nothing was written
 * since it was itself put on a parent shares that one: templates that are cloned again and again
 * must not grow a layer each time. */
static bool split(Op *op, Sr *sr, const DirImage *source, DirName *ret_base, Err **err)
{
    const char *draft = DIR_NAME(DIR_NEW, source->name.uuid, NULL);
    bool read_only = !(source->stat.st_mode & S_IWUSR);
    DirName base = {uuid_generate(), DIR_BASE, source->name.format};
    if (!dir_overlay_draft(op, sr, source->name.uuid, &base, source->virtual_size, read_only,
                           err)) {
        return false;
    }
    if (source->has_backing && is_untouched(sr, source, draft)) {
        *ret_base = source->backing;
        return dir_sr_unlink(sr, draft, err);
    }
    if (!dir_overlay_check_depth(op, sr, UUID_TEXT(source->name.uuid), err) ||
        !dir_overlay_link_base(sr, source, &base, err)) {
        dir_sr_unlink(sr, draft, NULL);
        return false;
    }
    if (!dir_overlay_take_over(sr, draft, &source->name, err)) {
        dir_sr_unlink(sr, draft, NULL);
        return false; /* the second name, if nothing stands on it, goes with the next scan */
    }
    *ret_base = base;
    return true;
}

/* A qcow2 file grows with its first write, zeroes and discards included, because the table that
 * describes the cluster is made then.  One as short as a new one has never been written. */
static bool is_untouched(const Sr *sr, const DirImage *source, const char *draft)
{
    g_autofree char *path = dir_sr_path(sr, draft);
    struct stat fresh;
    return stat(path, &fresh) == 0 && fresh.st_size == source->stat.st_size;
}
