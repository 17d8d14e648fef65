/* Single images of a repository folder: create, destroy, resize, look up. */
#include "storage/dir/dir.h"

#include "base/fd.h"
#include "storage/dir/dir_repair.h"
#include "storage/image/qemu_img.h"
#include "storage/sr_fail.h"

#define SECTOR ((uint64_t)512)

static bool round_size(uint64_t size, uint64_t *ret_rounded, Err **err);
static bool check_room(Op *op, Sr *sr, const char *format, uint64_t more, Err **err);
static bool build(Op *op, Sr *sr, const DirName *name, uint64_t size, Err **err);

bool dir_vdi_create(Op *op, Sr *sr, Uuid uuid, uint64_t virtual_size, const char *format,
                    SrVdi *ret_vdi, Err **err)
{
    const char *known = dir_name_known_format(format ? format : "qcow2");
    if (!known) {
        return sr_fail(err, SR_FAIL_VDI_CREATE, "images of format %s cannot be created here",
                       format);
    }
    uint64_t size = 0;
    g_auto(DirGuard) guard = {0};
    if (!round_size(virtual_size, &size, err) || !check_room(op, sr, known, size, err) ||
        !dir_enter(op, sr, &guard, err) || !dir_image_check_free(op, sr, uuid, err)) {
        return false;
    }
    DirName name = {uuid, DIR_LEAF, known};
    return build(op, sr, &name, size, err) && dir_image_stat(op, sr, uuid, ret_vdi, err);
}

bool dir_vdi_destroy(Op *op, Sr *sr, const char *location, Err **err)
{
    Uuid uuid;
    g_auto(DirGuard) guard = {0};
    if (!dir_sr_parse_location(location, &uuid, err) || !dir_enter(op, sr, &guard, err)) {
        return false;
    }
    if (dir_sr_exists(sr, DIR_NAME(DIR_BASE, uuid, "qcow2")) ||
        dir_sr_exists(sr, DIR_NAME(DIR_BASE, uuid, "raw"))) {
        return sr_fail(err, SR_FAIL_VDI_IN_USE, "other images stand on %s; it goes with them",
                       location);
    }
    const DirName names[] = {
        {uuid, DIR_LEAF, "qcow2"}, {uuid, DIR_LEAF, "raw"}, {uuid, DIR_NEXT, "qcow2"}};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        bool pending = names[i].kind == DIR_NEXT &&
                       dir_sr_file_is_locked(sr, DIR_NAME(DIR_NEXT, uuid, "qcow2"));
        if (pending || dir_image_in_use(sr, &names[i])) {
            return sr_fail(err, SR_FAIL_VDI_IN_USE, "image %s is in use and cannot be deleted",
                           location);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *file = DIR_NAME(names[i].kind, uuid, names[i].format);
        if (!dir_sr_unlink(sr, file, err)) {
            return false;
        }
    }
    g_auto(DirListing) listing = {0};
    return dir_repair_drop_leftovers(op, &guard, &listing, err);
}

bool dir_vdi_resize(Op *op, Sr *sr, const char *location, uint64_t virtual_size, SrVdi *ret_vdi,
                    Err **err)
{
    uint64_t size = 0;
    DirImage image;
    g_auto(DirGuard) guard = {0};
    if (!round_size(virtual_size, &size, err) || !dir_enter(op, sr, &guard, err) ||
        !dir_image_find(op, sr, location, &image, err)) {
        return false;
    }
    if (size < image.virtual_size) {
        return sr_fail(err, SR_FAIL_VDI_SIZE,
                       "image %s has %" G_GUINT64_FORMAT
                       " bytes and cannot shrink to %" G_GUINT64_FORMAT,
                       location, image.virtual_size, size);
    }
    if (size > image.virtual_size) {
        g_autofree char *path =
            dir_sr_path(sr, DIR_NAME(image.name.kind, image.name.uuid, image.name.format));
        if (dir_image_in_use(sr, &image.name)) {
            return sr_fail(err, SR_FAIL_VDI_IN_USE, "image %s is in use and cannot be resized",
                           location);
        }
        if (!check_room(op, sr, image.name.format, size - image.virtual_size, err) ||
            !qemu_img_resize(op, path, image.name.format, size, err)) {
            return false;
        }
    }
    return dir_image_stat(op, sr, image.name.uuid, ret_vdi, err);
}

GArray *dir_vdi_chain(Op *op, Sr *sr, const char *location, Err **err)
{
    g_auto(DirGuard) guard = {0};
    if (!dir_enter(op, sr, &guard, err)) {
        return NULL;
    }
    g_autoptr(GArray) images = dir_image_chain(op, sr, location, err);
    if (!images) {
        return NULL;
    }
    GArray *chain = sr_image_array_new();
    for (guint i = 0; i < images->len; i++) {
        const DirName *name = &g_array_index(images, DirImage, i).name;
        SrImage image = {
            .path = dir_sr_path(sr, DIR_NAME(name->kind, name->uuid, name->format)),
            .format = g_strdup(name->format),
        };
        g_array_append_val(chain, image);
    }
    return chain;
}

bool dir_vdi_stat(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err)
{
    Uuid uuid;
    return dir_sr_parse_location(location, &uuid, err) &&
           dir_image_stat(op, sr, uuid, ret_vdi, err);
}

static bool round_size(uint64_t size, uint64_t *ret_rounded, Err **err)
{
    if (size == 0 || size > DIR_MAX_SIZE) {
        return sr_fail(err, SR_FAIL_VDI_SIZE,
                       "an image cannot have %" G_GUINT64_FORMAT " bytes; 1 to %" G_GUINT64_FORMAT
                       " are possible",
                       size, DIR_MAX_SIZE);
    }
    *ret_rounded = (size + SECTOR - 1) / SECTOR * SECTOR;
    return true;
}

/* A qcow2 image takes room as it is written; a raw one is promised all of it. */
static bool check_room(Op *op, Sr *sr, const char *format, uint64_t more, Err **err)
{
    SrStat stat;
    if (!dir_stat(op, sr, &stat, err)) {
        return false;
    }
    uint64_t available = stat.physical_size - stat.physical_utilisation;
    if (g_str_equal(format, "raw") && more > available) {
        return sr_fail(err, SR_FAIL_NO_SPACE,
                       "%" G_GUINT64_FORMAT " bytes are needed in %s, %" G_GUINT64_FORMAT
                       " are free",
                       more, sr->path, available);
    }
    return true;
}

static bool build(Op *op, Sr *sr, const DirName *name, uint64_t size, Err **err)
{
    const char *draft = DIR_NAME(DIR_NEW, name->uuid, NULL);
    auto_fd lock = dir_sr_lock_file(sr, draft, err);
    if (lock < 0) {
        return false;
    }
    g_autofree char *path = dir_sr_path(sr, draft);
    if (!qemu_img_create(op, path, name->format, size, err) ||
        !dir_sr_publish(sr, draft, DIR_NAME(DIR_LEAF, name->uuid, name->format), err)) {
        dir_sr_unlink(sr, draft, NULL);
        return false;
    }
    return true;
}
