/* The `ext` repository: an ext4 file system on a block device of its own, named by
 * device_config:device and mounted under the folder the caller gives.
 *
 * The file system's uuid is the repository's, so that a device is known wherever it turns up.
 * What is in it is the directory core's business. */
#include "storage/dir/dir.h"
#include "storage/ext/ext_device.h"
#include "storage/sr_fail.h"
#include "wire/value.h"

static const char *find_device(const SrConfig *config, Err **err);
static bool ext_create(Op *op, const SrConfig *config, Err **err);
static bool ext_destroy(Op *op, const SrConfig *config, Err **err);
static Sr *ext_attach(Op *op, const SrConfig *config, Err **err);
static bool ext_detach(Op *op, Sr *sr, Err **err);
static char *ext_probe(Op *op, const SrConfig *config, Err **err);
static bool is_ours(const ExtContent *content, Uuid uuid);
static bool fail_not_ours(const char *device, Uuid uuid, Err **err);

static const char *const config_help[] = {
    "device",
    "path of the block device, or of a file in place of one; it must be empty",
    NULL,
};

const SrDriver sr_ext_driver = {
    .type = "ext",
    .label = "Local disk (ext4)",
    .description = "Disk images as files of an ext4 file system on a disk of this host",
    .content_type = "user",
    .caps = SR_CAP_CREATE | SR_CAP_DELETE | SR_CAP_SCAN | SR_CAP_VDI_CREATE | SR_CAP_VDI_DELETE |
            SR_CAP_VDI_RESIZE | SR_CAP_VDI_CLONE | SR_CAP_VDI_SNAPSHOT | SR_CAP_VDI_RESIZE_ONLINE |
            SR_CAP_PROBE | SR_CAP_VDI_MIRROR,
    .config_help = config_help,
    .create = ext_create,
    .destroy = ext_destroy,
    .attach = ext_attach,
    .detach = ext_detach,
    .probe = ext_probe,
    .stat = dir_stat,
    .scan = dir_scan,
    .vdi_create = dir_vdi_create,
    .vdi_destroy = dir_vdi_destroy,
    .vdi_resize = dir_vdi_resize,
    .vdi_clone = dir_clone,
    .live_snapshot_begin = dir_live_begin,
    .live_snapshot_commit = dir_live_commit,
    .live_snapshot_abort = dir_live_abort,
    .vdi_coalesce = dir_coalesce,
    .live_merge_begin = dir_merge_begin,
    .live_merge_commit = dir_merge_commit,
    .live_merge_abort = dir_merge_abort,
    .vdi_copy = dir_copy,
    .vdi_import = dir_import,
    .vdi_chain = dir_vdi_chain,
    .vdi_stat = dir_vdi_stat,
};

static const char *find_device(const SrConfig *config, Err **err)
{
    const char *device = sr_config_get(config, "device");
    if (!device || device[0] != '/') {
        sr_fail(err, SR_FAIL_DEVICE_MISSING,
                "device_config:device must be the absolute path of a block device");
        return NULL;
    }
    return ext_device_check(device, err) ? device : NULL;
}

/* A crash between mkfs and the marker leaves a file system with our uuid; it is taken up. */
static bool ext_create(Op *op, const SrConfig *config, Err **err)
{
    const char *device = find_device(config, err);
    ExtContent content;
    if (!device || !ext_device_read(op, device, &content, err)) {
        return false;
    }
    if (!content.blank && !is_ours(&content, config->uuid)) {
        return sr_fail(err, SR_FAIL_SR_IN_USE,
                       "%s is not empty: it carries %s%s%s; erase it (wipefs -a) or name another "
                       "device",
                       device, content.type, content.label[0] ? " labelled " : "", content.label);
    }
    if ((content.blank && !ext_device_format(op, device, config->uuid, err)) ||
        !ext_device_mount(op, device, config->mount_dir, err)) {
        return false;
    }
    bool made = dir_format(config->mount_dir, config->uuid, err);
    return ext_device_unmount(op, config->mount_dir, made ? err : NULL) && made;
}

/* Whoever uses an image keeps the file system from being unmounted. */
static bool ext_destroy(Op *op, const SrConfig *config, Err **err)
{
    const char *device = find_device(config, err);
    ExtContent content;
    if (!device || !ext_device_unmount(op, config->mount_dir, err) ||
        !ext_device_read(op, device, &content, err)) {
        return false;
    }
    if (content.blank) {
        return true;
    }
    if (!is_ours(&content, config->uuid)) {
        return fail_not_ours(device, config->uuid, err);
    }
    return ext_device_wipe(op, device, err);
}

static Sr *ext_attach(Op *op, const SrConfig *config, Err **err)
{
    const char *device = find_device(config, err);
    ExtContent content;
    if (!device || !ext_device_read(op, device, &content, err)) {
        return NULL;
    }
    if (!is_ours(&content, config->uuid)) {
        fail_not_ours(device, config->uuid, err);
        return NULL;
    }
    if (!ext_device_mount(op, device, config->mount_dir, err)) {
        return NULL;
    }
    Sr *sr = dir_open(op, config->mount_dir, config->uuid, err);
    if (!sr) {
        ext_device_unmount(op, config->mount_dir, NULL);
    }
    return sr;
}

static bool ext_detach(Op *op, Sr *sr, Err **err)
{
    return ext_device_unmount(op, dir_path(sr), err) && dir_close(sr, err);
}

static char *ext_probe(Op *op, const SrConfig *config, Err **err)
{
    const char *device = find_device(config, err);
    ExtContent content;
    if (!device || !ext_device_read(op, device, &content, err)) {
        return NULL;
    }
    if (!is_ours(&content, content.uuid)) {
        return dir_probe_xml(NULL, device, 0);
    }
    uint64_t size;
    return ext_device_size(device, &size, err) ? dir_probe_xml(&content.uuid, device, size) : NULL;
}

static bool is_ours(const ExtContent *content, Uuid uuid)
{
    return g_str_equal(content->type, "ext4") && g_str_equal(content->label, EXT_LABEL) &&
           uuid_equal(content->uuid, uuid);
}

static bool fail_not_ours(const char *device, Uuid uuid, Err **err)
{
    return sr_fail(err, SR_FAIL_SR_UNAVAILABLE, "%s does not carry the repository %s", device,
                   UUID_TEXT(uuid));
}
