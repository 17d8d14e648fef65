/* Full copies, out of a repository folder and into one. */
#include "storage/dir/dir.h"

#include "base/fd.h"
#include "storage/dir/dir_image.h"
#include "storage/image/qemu_img.h"
#include "storage/sr_fail.h"

static bool begin_draft(Op *op, Sr *sr, Uuid uuid, int *ret_lock, Err **err);
static bool publish_draft(Op *op, Sr *sr, Uuid uuid, SrVdi *ret_vdi, Err **err);
static void discard_draft(Sr *sr, Uuid uuid);

bool dir_copy(Op *op, Sr *sr, const char *location, const SrDriver *target_driver, Sr *target,
              Uuid copy_uuid, SrProgress progress, void *user, SrVdi *ret_copy, Err **err)
{
    g_autoptr(GArray) chain = dir_vdi_chain(op, sr, location, err);
    return chain &&
           target_driver->vdi_import(op, target, copy_uuid, &g_array_index(chain, SrImage, 0),
                                     progress, user, ret_copy, err);
}

bool dir_import(Op *op, Sr *sr, Uuid uuid, const SrImage *source, SrProgress progress, void *user,
                SrVdi *ret_vdi, Err **err)
{
    auto_fd lock = -1;
    if (!begin_draft(op, sr, uuid, &lock, err)) {
        return false;
    }
    g_autofree char *path = dir_sr_path(sr, DIR_NAME(DIR_NEW, uuid, NULL));
    if (!qemu_img_convert(op, source, path, progress, user, err) ||
        !publish_draft(op, sr, uuid, ret_vdi, err)) {
        discard_draft(sr, uuid);
        return false;
    }
    return true;
}

static bool begin_draft(Op *op, Sr *sr, Uuid uuid, int *ret_lock, Err **err)
{
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err) || !dir_image_check_free(op, sr, uuid, err)) {
        return false;
    }
    int lock = dir_sr_lock_file(sr, DIR_NAME(DIR_NEW, uuid, NULL), err);
    if (lock < 0) {
        return false;
    }
    *ret_lock = lock;
    return true;
}

static bool publish_draft(Op *op, Sr *sr, Uuid uuid, SrVdi *ret_vdi, Err **err)
{
    g_auto(DirGuard) guard = {0};
    return dir_enter(op, sr, &guard, err) && dir_image_check_free(op, sr, uuid, err) &&
           dir_sr_publish(sr, DIR_NAME(DIR_NEW, uuid, NULL), DIR_NAME(DIR_LEAF, uuid, "qcow2"),
                          err) &&
           dir_image_stat(op, sr, uuid, ret_vdi, err);
}

/* The draft is ours alone, so that no guard is needed, and a cancelled Op could not get one. */
static void discard_draft(Sr *sr, Uuid uuid)
{
    dir_sr_unlink(sr, DIR_NAME(DIR_NEW, uuid, NULL), NULL);
}
