/* The `iso` repository: the CD images of a folder, named by device_config:location.
 *
 * The folder belongs to whoever fills it: this driver reads, and writes nothing, not even a
 * marker.  A location is a file name; uuids are derived from repository and name, so that they
 * are the same at every scan. */
#include "storage/sr.h"

#include "base/log.h"
#include "base/text.h"
#include "storage/sr_fail.h"
#include "wire/value.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define ISO_MAX_FILES 10000

struct Sr {
    Uuid uuid;
    char *path;
};

static const char *find_location(const SrConfig *config, Err **err);
static bool iso_create(Op *op, const SrConfig *config, Err **err);
static bool iso_destroy(Op *op, const SrConfig *config, Err **err);
static Sr *iso_attach(Op *op, const SrConfig *config, Err **err);
static bool iso_detach(Op *op, Sr *sr, Err **err);
static char *iso_probe(Op *op, const SrConfig *config, Err **err);
static bool iso_stat(Op *op, Sr *sr, SrStat *ret_stat, Err **err);
static GArray *iso_scan(Op *op, Sr *sr, Err **err);
static bool is_image_name(const char *name);
static bool describe(const Sr *sr, const char *name, SrVdi *ret_vdi, Err **err);
static bool iso_vdi_create(Op *op, Sr *sr, Uuid uuid, uint64_t virtual_size, const char *format,
                           SrVdi *ret_vdi, Err **err);
static bool iso_vdi_destroy(Op *op, Sr *sr, const char *location, Err **err);
static bool iso_vdi_resize(Op *op, Sr *sr, const char *location, uint64_t virtual_size,
                           SrVdi *ret_vdi, Err **err);
static bool iso_vdi_clone(Op *op, Sr *sr, const char *location, Uuid copy_uuid, bool copy_read_only,
                          SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent, Err **err);
static bool iso_live_begin(Op *op, Sr *sr, const char *location, SrImage *ret_overlay, Err **err);
static bool iso_live_commit(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                            Uuid copy_uuid, bool copy_read_only, SrVdi *ret_source, SrVdi *ret_copy,
                            SrVdi *ret_parent, Err **err);
static bool iso_live_abort(Op *op, Sr *sr, const char *location, const SrImage *overlay, Err **err);
static bool iso_vdi_coalesce(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);
static bool iso_live_merge(Op *op, Sr *sr, const char *location, Err **err);
static bool iso_vdi_copy(Op *op, Sr *sr, const char *location, const SrDriver *target_driver,
                         Sr *target, Uuid copy_uuid, SrProgress progress, void *user,
                         SrVdi *ret_copy, Err **err);
static bool iso_vdi_import(Op *op, Sr *sr, Uuid uuid, const SrImage *source, SrProgress progress,
                           void *user, SrVdi *ret_vdi, Err **err);
static GArray *iso_vdi_chain(Op *op, Sr *sr, const char *location, Err **err);
static bool iso_vdi_stat(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);

static const char *const config_help[] = {
    "location",
    "absolute path of the folder that holds the .iso files",
    NULL,
};

const SrDriver sr_iso_driver = {
    .type = "iso",
    .label = "ISO images",
    .description = "CD images (.iso, .img) of a folder of this host, read-only",
    .content_type = "iso",
    .caps = SR_CAP_CREATE | SR_CAP_SCAN | SR_CAP_PROBE,
    .config_help = config_help,
    .create = iso_create,
    .destroy = iso_destroy,
    .attach = iso_attach,
    .detach = iso_detach,
    .probe = iso_probe,
    .stat = iso_stat,
    .scan = iso_scan,
    .vdi_create = iso_vdi_create,
    .vdi_destroy = iso_vdi_destroy,
    .vdi_resize = iso_vdi_resize,
    .vdi_clone = iso_vdi_clone,
    .live_snapshot_begin = iso_live_begin,
    .live_snapshot_commit = iso_live_commit,
    .live_snapshot_abort = iso_live_abort,
    .vdi_coalesce = iso_vdi_coalesce,
    .live_merge_begin = iso_live_merge,
    .live_merge_commit = iso_live_merge,
    .live_merge_abort = iso_live_merge,
    .vdi_copy = iso_vdi_copy,
    .vdi_import = iso_vdi_import,
    .vdi_chain = iso_vdi_chain,
    .vdi_stat = iso_vdi_stat,
};

static const char *find_location(const SrConfig *config, Err **err)
{
    const char *location = sr_config_get(config, "location");
    if (!location) {
        sr_fail(err, SR_FAIL_ISO_LOCATION_MISSING, "device_config:location is missing");
        return NULL;
    }
    struct stat stat_buf;
    if (location[0] != '/' || stat(location, &stat_buf) < 0 || !S_ISDIR(stat_buf.st_mode)) {
        sr_fail(err, SR_FAIL_ISO_LOCATION_INVALID,
                "device_config:location '%s' is not the absolute path of a folder on this host",
                location);
        return NULL;
    }
    return location;
}

static bool iso_create(Op *op, const SrConfig *config, Err **err)
{
    return op_check(op, err) && find_location(config, err);
}

static bool iso_destroy(Op *op, const SrConfig *config, Err **err)
{
    (void)op;
    (void)config;
    return sr_unsupported(sr_iso_driver.type, "delete files that are not its own; use SR.forget",
                          err);
}

static Sr *iso_attach(Op *op, const SrConfig *config, Err **err)
{
    const char *location = find_location(config, err);
    if (!location || !op_check(op, err)) {
        return NULL;
    }
    Sr *sr = g_new0(Sr, 1);
    sr->uuid = config->uuid;
    sr->path = g_strdup(location);
    return sr;
}

static bool iso_detach(Op *op, Sr *sr, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    g_free(sr->path);
    g_free(sr);
    return true;
}

static char *iso_probe(Op *op, const SrConfig *config, Err **err)
{
    bool found = op_check(op, err) && find_location(config, err);
    return found ? g_strdup("<?xml version=\"1.0\" ?>\n<SRlist>\n</SRlist>\n") : NULL;
}

static bool iso_stat(Op *op, Sr *sr, SrStat *ret_stat, Err **err)
{
    struct statvfs stat_buf;
    if (!op_check(op, err)) {
        return false;
    }
    if (statvfs(sr->path, &stat_buf) < 0) {
        return sr_fail_errno(err, SR_FAIL_SR_UNAVAILABLE, errno, "cannot ask %s for its size",
                             sr->path);
    }
    *ret_stat = (SrStat){
        .physical_size = (uint64_t)stat_buf.f_blocks * stat_buf.f_frsize,
        .physical_utilisation =
            (uint64_t)(stat_buf.f_blocks - stat_buf.f_bfree) * stat_buf.f_frsize,
    };
    return true;
}

static GArray *iso_scan(Op *op, Sr *sr, Err **err)
{
    g_autoptr(GDir) folder = g_dir_open(sr->path, 0, NULL);
    if (!folder) {
        sr_fail_errno(err, SR_FAIL_SCAN, errno, "cannot read the folder %s", sr->path);
        return NULL;
    }
    g_autoptr(GArray) vdis = sr_vdi_array_new();
    const char *name;
    while ((name = g_dir_read_name(folder)) != NULL) {
        if (!op_check(op, err)) {
            return NULL;
        }
        SrVdi vdi;
        if (vdis->len == ISO_MAX_FILES) {
            log_warn("%s holds more than %d images; the others are left out", sr->path,
                     ISO_MAX_FILES);
            break;
        }
        if (is_image_name(name) && describe(sr, name, &vdi, NULL)) {
            g_array_append_val(vdis, vdi);
        }
    }
    return g_steal_pointer(&vdis);
}

/* No path, nothing hidden, and text that fits into a reply. */
static bool is_image_name(const char *name)
{
    static const char *const endings[] = {".iso", ".img"};
    size_t length = strlen(name);
    if (length <= 4 || name[0] == '.' || strchr(name, '/') || !text_is_utf8_xml(name, length)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_ascii_strcasecmp(name + length - 4, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool describe(const Sr *sr, const char *name, SrVdi *ret_vdi, Err **err)
{
    g_autofree char *path = g_build_filename(sr->path, name, NULL);
    struct stat stat_buf;
    if (!is_image_name(name) || stat(path, &stat_buf) < 0 || !S_ISREG(stat_buf.st_mode)) {
        return sr_fail(err, SR_FAIL_VDI_UNAVAILABLE, "there is no CD image %s in %s", name,
                       sr->path);
    }
    g_autofree char *identity = g_strdup_printf("%s/%s", UUID_TEXT(sr->uuid), name);
    *ret_vdi = (SrVdi){
        .uuid = uuid_from_md5(identity),
        .location = g_strdup(name),
        .name = g_strdup(name),
        .format = g_strdup("raw"),
        .virtual_size = (uint64_t)stat_buf.st_size,
        .physical_utilisation = (uint64_t)stat_buf.st_blocks * 512,
        .read_only = true,
        .managed = true,
    };
    return true;
}

static bool iso_vdi_create(Op *op, Sr *sr, Uuid uuid, uint64_t virtual_size, const char *format,
                           SrVdi *ret_vdi, Err **err)
{
    (void)op;
    (void)sr;
    (void)uuid;
    (void)virtual_size;
    (void)format;
    (void)ret_vdi;
    return sr_unsupported(sr_iso_driver.type, "create images", err);
}

static bool iso_vdi_destroy(Op *op, Sr *sr, const char *location, Err **err)
{
    (void)op;
    (void)sr;
    (void)location;
    return sr_unsupported(sr_iso_driver.type, "delete images", err);
}

static bool iso_vdi_resize(Op *op, Sr *sr, const char *location, uint64_t virtual_size,
                           SrVdi *ret_vdi, Err **err)
{
    (void)op;
    (void)sr;
    (void)location;
    (void)virtual_size;
    (void)ret_vdi;
    return sr_unsupported(sr_iso_driver.type, "resize images", err);
}

static bool iso_vdi_clone(Op *op, Sr *sr, const char *location, Uuid copy_uuid, bool copy_read_only,
                          SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent, Err **err)
{
    (void)op;
    (void)sr;
    (void)location;
    (void)copy_uuid;
    (void)copy_read_only;
    (void)ret_source;
    (void)ret_copy;
    (void)ret_parent;
    return sr_unsupported(sr_iso_driver.type, "clone images", err);
}

static bool iso_live_begin(Op *op, Sr *sr, const char *location, SrImage *ret_overlay, Err **err)
{
    (void)op;
    (void)sr;
    (void)location;
    (void)ret_overlay;
    return sr_unsupported(sr_iso_driver.type, "take snapshots", err);
}

static bool iso_live_commit(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                            Uuid copy_uuid, bool copy_read_only, SrVdi *ret_source, SrVdi *ret_copy,
                            SrVdi *ret_parent, Err **err)
{
    (void)op;
    (void)sr;
    (void)location;
    (void)overlay;
    (void)copy_uuid;
    (void)copy_read_only;
    (void)ret_source;
    (void)ret_copy;
    (void)ret_parent;
    return sr_unsupported(sr_iso_driver.type, "take snapshots", err);
}

static bool iso_live_abort(Op *op, Sr *sr, const char *location, const SrImage *overlay, Err **err)
{
    (void)op;
    (void)sr;
    (void)location;
    (void)overlay;
    return sr_unsupported(sr_iso_driver.type, "take snapshots", err);
}

static bool iso_vdi_coalesce(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err)
{
    return iso_vdi_stat(op, sr, location, ret_vdi, err);
}

static bool iso_live_merge(Op *op, Sr *sr, const char *location, Err **err)
{
    (void)op;
    (void)sr;
    (void)location;
    return sr_unsupported(sr_iso_driver.type, "merge images", err);
}

static bool iso_vdi_copy(Op *op, Sr *sr, const char *location, const SrDriver *target_driver,
                         Sr *target, Uuid copy_uuid, SrProgress progress, void *user,
                         SrVdi *ret_copy, Err **err)
{
    g_autoptr(GArray) chain = iso_vdi_chain(op, sr, location, err);
    return chain &&
           target_driver->vdi_import(op, target, copy_uuid, &g_array_index(chain, SrImage, 0),
                                     progress, user, ret_copy, err);
}

static bool iso_vdi_import(Op *op, Sr *sr, Uuid uuid, const SrImage *source, SrProgress progress,
                           void *user, SrVdi *ret_vdi, Err **err)
{
    (void)op;
    (void)sr;
    (void)uuid;
    (void)source;
    (void)progress;
    (void)user;
    (void)ret_vdi;
    return sr_unsupported(sr_iso_driver.type, "take copies", err);
}

static GArray *iso_vdi_chain(Op *op, Sr *sr, const char *location, Err **err)
{
    g_auto(SrVdi) vdi = {0};
    if (!op_check(op, err) || !describe(sr, location, &vdi, err)) {
        return NULL;
    }
    GArray *chain = sr_image_array_new();
    SrImage image = {
        .path = g_build_filename(sr->path, location, NULL),
        .format = g_strdup("raw"),
    };
    g_array_append_val(chain, image);
    return chain;
}

static bool iso_vdi_stat(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err)
{
    return op_check(op, err) && describe(sr, location, ret_vdi, err);
}
