/* The `file` repository: a folder that is there already or can be made, named by
 * device_config:location.  Everything in it is the directory core's business. */
#include "base/fd.h"
#include "storage/dir/dir.h"
#include "storage/sr_fail.h"

static const char *find_location(const SrConfig *config, Err **err);
static bool file_create(Op *op, const SrConfig *config, Err **err);
static bool file_destroy(Op *op, const SrConfig *config, Err **err);
static Sr *file_attach(Op *op, const SrConfig *config, Err **err);
static bool file_detach(Op *op, Sr *sr, Err **err);
static char *file_probe(Op *op, const SrConfig *config, Err **err);

static const char *const config_help[] = {
    "location",
    "absolute path of the folder that holds the images",
    NULL,
};

const SrDriver sr_file_driver = {
    .type = "file",
    .label = "Local folder",
    .description = "Disk images as files of a folder of this host",
    .content_type = "user",
    .caps = SR_CAP_CREATE | SR_CAP_DELETE | SR_CAP_SCAN | SR_CAP_VDI_CREATE | SR_CAP_VDI_DELETE |
            SR_CAP_VDI_RESIZE | SR_CAP_VDI_CLONE | SR_CAP_VDI_SNAPSHOT | SR_CAP_VDI_RESIZE_ONLINE |
            SR_CAP_PROBE | SR_CAP_VDI_MIRROR,
    .config_help = config_help,
    .create = file_create,
    .destroy = file_destroy,
    .attach = file_attach,
    .detach = file_detach,
    .probe = file_probe,
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

static const char *find_location(const SrConfig *config, Err **err)
{
    const char *location = sr_config_get(config, "location");
    if (!location || location[0] != '/') {
        sr_fail(err, SR_FAIL_LOCATION_MISSING,
                "device_config:location must be the absolute path of a folder");
        return NULL;
    }
    return location;
}

static bool file_create(Op *op, const SrConfig *config, Err **err)
{
    const char *location = find_location(config, err);
    if (!location || !op_check(op, err)) {
        return false;
    }
    g_autoptr(Err) cause = NULL;
    if (!fd_make_dirs(location, 0700, &cause)) {
        g_autofree char *why = err_to_string(cause);
        return sr_fail(err, SR_FAIL_FILE_CREATE, "cannot make the folder %s: %s", location, why);
    }
    return dir_format(location, config->uuid, err);
}

static bool file_destroy(Op *op, const SrConfig *config, Err **err)
{
    const char *location = find_location(config, err);
    return location && dir_erase(op, location, config->uuid, err);
}

static Sr *file_attach(Op *op, const SrConfig *config, Err **err)
{
    const char *location = find_location(config, err);
    return location ? dir_open(op, location, config->uuid, err) : NULL;
}

static bool file_detach(Op *op, Sr *sr, Err **err)
{
    return op_check(op, err) && dir_close(sr, err);
}

static char *file_probe(Op *op, const SrConfig *config, Err **err)
{
    const char *location = find_location(config, err);
    return location && op_check(op, err) ? dir_probe(location) : NULL;
}
