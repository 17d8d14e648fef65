/* Shortens the chain of an image: its data go down into the parent, which then takes over its
 * name.  Those of an idle image are moved here, those of an open one by its domain.
 *
 * While the data move, image and parent read the same as before at any moment, since the image
 * keeps its own copy of everything; a crash costs the work, nothing else.  The guard is held for
 * the change of names only. */
#include "storage/dir/dir.h"

#include "storage/dir/dir_coalesce.h"
#include "storage/image/qemu_img.h"
#include "storage/sr_fail.h"

#include <errno.h>

static bool find_pair(Op *op, Sr *sr, const char *location, DirImage *ret_leaf,
                      DirImage *ret_parent, bool *ret_found, Err **err);
static bool merge(Op *op, Sr *sr, const DirImage *leaf, const DirImage *parent, Err **err);

bool dir_coalesce(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err)
{
    for (;;) {
        DirImage leaf, parent;
        bool found = false;
        if (!find_pair(op, sr, location, &leaf, &parent, &found, err)) {
            return false;
        }
        if (!found) {
            dir_image_describe(&leaf, ret_vdi);
            return true;
        }
        if (!merge(op, sr, &leaf, &parent, err)) {
            return false;
        }
    }
}

bool dir_coalesce_replace(Sr *sr, const DirImage *image, const DirImage *parent, Err **err)
{
    const char *base_file = DIR_NAME(parent->name.kind, parent->name.uuid, parent->name.format);
    const char *old_file = DIR_NAME(image->name.kind, image->name.uuid, image->name.format);
    const char *new_file = DIR_NAME(image->name.kind, image->name.uuid, parent->name.format);
    g_autofree char *path = dir_sr_path(sr, base_file);
    if (chmod(path, image->stat.st_mode & 0777 & ~DIR_MODE_MERGING) < 0) {
        return sr_fail_errno(err, SR_FAIL_VDI_COPY, errno, "cannot set the mode of %s", path);
    }
    if (g_str_equal(old_file, new_file)) {
        return dir_sr_publish(sr, base_file, new_file, err);
    }
    /* A raw parent below a qcow2 image: two names change, so that the base must stay until both
     * have. */
    return dir_sr_sync(sr, base_file, err) && dir_sr_unlink(sr, new_file, err) &&
           dir_sr_link(sr, base_file, new_file, err) && dir_sr_unlink(sr, old_file, err) &&
           dir_sr_unlink(sr, base_file, err);
}

/* The leaf and, when nothing else stands on it, its parent. */
static bool find_pair(Op *op, Sr *sr, const char *location, DirImage *ret_leaf,
                      DirImage *ret_parent, bool *ret_found, Err **err)
{
    DirImage leaf, parent = {0};
    g_auto(DirGuard) guard = {0};
    g_auto(DirListing) listing = {0};
    if (!dir_enter(op, sr, &guard, err) || !dir_image_find(op, sr, location, &leaf, err) ||
        !dir_image_list(op, sr, &listing, err)) {
        return false;
    }
    bool found = dir_image_is_mergeable(&listing, &leaf);
    if (found && !dir_image_read(op, sr, &leaf.backing, &parent, err)) {
        return false;
    }
    if (found && (dir_image_in_use(sr, &leaf.name) || dir_image_in_use(sr, &parent.name))) {
        return sr_fail(err, SR_FAIL_VDI_IN_USE,
                       "image %s is in use and cannot be merged with its parent", location);
    }
    *ret_leaf = leaf;
    *ret_parent = parent;
    *ret_found = found;
    return true;
}

static bool merge(Op *op, Sr *sr, const DirImage *leaf, const DirImage *parent, Err **err)
{
    g_autofree char *path =
        dir_sr_path(sr, DIR_NAME(leaf->name.kind, leaf->name.uuid, leaf->name.format));
    g_auto(DirGuard) guard = {0};
    g_auto(DirListing) listing = {0};
    if (!qemu_img_commit(op, path, err) || !dir_enter(op, sr, &guard, err) ||
        !dir_image_list(op, sr, &listing, err)) {
        return false;
    }
    if (!dir_image_is_mergeable(&listing, leaf)) {
        return sr_fail(err, SR_FAIL_VDI_IN_USE,
                       "image %s was cloned while it was merged with its parent",
                       UUID_TEXT(leaf->name.uuid));
    }
    return dir_coalesce_replace(sr, leaf, parent, err);
}
