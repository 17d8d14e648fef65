/* Overlays in a repository folder; see dir_overlay.h. */
#include "storage/dir/dir_overlay.h"

#include "base/fd.h"
#include "storage/image/qemu_img.h"
#include "storage/sr_fail.h"

#include <errno.h>

#define MODE_READ_ONLY 0400 /* how a folder remembers that an image is read-only */

bool dir_overlay_draft(Op *op, Sr *sr, Uuid uuid, const DirName *parent, uint64_t size,
                       bool read_only, Err **err)
{
    const char *draft = DIR_NAME(DIR_NEW, uuid, NULL);
    const char *backing = DIR_NAME(parent->kind, parent->uuid, parent->format);
    auto_fd lock = dir_sr_lock_file(sr, draft, err);
    if (lock < 0) {
        return false;
    }
    g_autofree char *path = dir_sr_path(sr, draft);
    bool made = qemu_img_create_overlay(op, path, backing, parent->format, size, err);
    if (made && read_only && fchmod(lock, MODE_READ_ONLY) < 0) {
        made = sr_fail_errno(err, SR_FAIL_VDI_CREATE, errno, "cannot make %s read-only", path);
    }
    if (!made) {
        dir_sr_unlink(sr, draft, NULL);
    }
    return made;
}

bool dir_overlay_create(Op *op, Sr *sr, Uuid uuid, const DirName *parent, uint64_t size,
                        bool read_only, Err **err)
{
    const char *draft = DIR_NAME(DIR_NEW, uuid, NULL);
    if (!dir_overlay_draft(op, sr, uuid, parent, size, read_only, err)) {
        return false;
    }
    if (!dir_sr_publish(sr, draft, DIR_NAME(DIR_LEAF, uuid, "qcow2"), err)) {
        dir_sr_unlink(sr, draft, NULL);
        return false;
    }
    return true;
}

bool dir_overlay_link_base(Sr *sr, const DirImage *source, const DirName *base, Err **err)
{
    return dir_sr_link(sr, DIR_NAME(source->name.kind, source->name.uuid, source->name.format),
                       DIR_NAME(base->kind, base->uuid, base->format), err);
}

bool dir_overlay_take_over(Sr *sr, const char *file, const DirName *old, Err **err)
{
    if (!dir_sr_publish(sr, file, DIR_NAME(DIR_LEAF, old->uuid, "qcow2"), err)) {
        return false;
    }
    /* A raw image has another name than the overlay that follows it. */
    return g_str_equal(old->format, "qcow2") ||
           dir_sr_unlink(sr, DIR_NAME(old->kind, old->uuid, old->format), err);
}

bool dir_overlay_check_depth(Op *op, Sr *sr, const char *location, Err **err)
{
    g_autoptr(GArray) chain = dir_image_chain(op, sr, location, err);
    if (!chain) {
        return false;
    }
    return chain->len < DIR_MAX_CHAIN ||
           sr_fail(err, SR_FAIL_CHAIN_TOO_LONG,
                   "image %s stands on %u others already; delete snapshots of it first", location,
                   chain->len - 1);
}

bool dir_overlay_describe(Op *op, Sr *sr, const Uuid uuids[3], SrVdi *const ret_vdis[3], Err **err)
{
    DirImage images[3];
    for (unsigned i = 0; i < G_N_ELEMENTS(images); i++) {
        if (!dir_image_find(op, sr, UUID_TEXT(uuids[i]), &images[i], err)) {
            return false;
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(images); i++) {
        dir_image_describe(&images[i], ret_vdis[i]);
    }
    return true;
}
