/* Merging an image that a running domain has open into its parent: what becomes of the names.
 *
 * Until the commit a crash costs the work only.  Between the moment in which the domain moves from
 * a leaf to its parent and the commit it stands still, but the leaf has its old name: then a mark
 * on the leaf, and that the domain has the parent open and not the leaf, tell dir_repair.c to
 * finish. */
#include "storage/dir/dir.h"

#include "storage/dir/dir_coalesce.h"
#include "storage/sr_fail.h"

#include <errno.h>

static bool find_image(Op *op, Sr *sr, const char *location, DirImage *ret_image,
                       DirImage *ret_parent, Err **err);
static void set_under_way(Sr *sr, const char *location, bool under_way);

bool dir_merge_begin(Op *op, Sr *sr, const char *location, Err **err)
{
    DirImage image, parent;
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err) || !find_image(op, sr, location, &image, &parent, err)) {
        return false;
    }
    set_under_way(sr, location, true);
    if (dir_merge_mark(sr, &image, image.name.kind == DIR_LEAF, err)) {
        return true;
    }
    set_under_way(sr, location, false);
    return false;
}

bool dir_merge_commit(Op *op, Sr *sr, const char *location, Err **err)
{
    DirImage image, parent;
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err) || !find_image(op, sr, location, &image, &parent, err) ||
        !dir_coalesce_replace(sr, &image, &parent, err)) {
        return false;
    }
    set_under_way(sr, location, false);
    return true;
}

/* A commit that failed in the middle is for the next scan to finish. */
bool dir_merge_abort(Op *op, Sr *sr, const char *location, Err **err)
{
    DirImage image;
    g_auto(DirGuard) guard = {0};
    set_under_way(sr, location, false);
    return dir_enter(op, sr, &guard, err) && dir_image_find(op, sr, location, &image, err) &&
           (!dir_image_in_use(sr, &image.name) || dir_merge_mark(sr, &image, false, err));
}

bool dir_merge_mark(Sr *sr, const DirImage *image, bool merging, Err **err)
{
    g_autofree char *path =
        dir_sr_path(sr, DIR_NAME(image->name.kind, image->name.uuid, image->name.format));
    mode_t mode = image->stat.st_mode & 0777 & ~DIR_MODE_MERGING;
    return chmod(path, mode | (merging ? DIR_MODE_MERGING : 0)) == 0 ||
           sr_fail_errno(err, SR_FAIL_VDI_COPY, errno, "cannot set the mode of %s", path);
}

static bool find_image(Op *op, Sr *sr, const char *location, DirImage *ret_image,
                       DirImage *ret_parent, Err **err)
{
    g_auto(DirListing) listing = {0};
    DirImage image;
    if (!dir_image_find(op, sr, location, &image, err) || !dir_image_list(op, sr, &listing, err)) {
        return false;
    }
    if (!dir_image_is_mergeable(&listing, &image)) {
        return sr_fail(err, SR_FAIL_VDI_IN_USE, "image %s cannot be merged into its parent",
                       location);
    }
    *ret_image = image;
    return dir_image_read(op, sr, &image.backing, ret_parent, err);
}

static void set_under_way(Sr *sr, const char *location, bool under_way)
{
    LOCK_GUARD(&sr->lock);
    if (under_way) {
        g_hash_table_add(sr->merging, g_strdup(location));
    } else {
        g_hash_table_remove(sr->merging, location);
    }
}
