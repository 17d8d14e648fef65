/* A folder as a repository: marking, opening, closing, erasing, its size and its listing. */
#include "storage/dir/dir.h"

#include "base/fd.h"
#include "base/log.h"
#include "storage/dir/dir_repair.h"
#include "storage/sr_fail.h"

#include <errno.h>
#include <sys/statvfs.h>

static bool read_stat(const char *path, SrStat *ret_stat, Err **err);
static bool check_empty(const char *path, Err **err);
static void free_sr(Sr *sr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sr, free_sr)
static Sr *new_sr(const char *path, Uuid uuid);
static void close_pending(gpointer value);
static SrVdi describe_damaged(const DirName *name);

bool dir_format(const char *path, Uuid uuid, Err **err)
{
    Uuid found;
    if (dir_read_marker(path, &found)) {
        return uuid_equal(found, uuid) ||
               sr_fail(err, SR_FAIL_SR_EXISTS,
                       "%s is the repository %s already; introduce that one, or delete it first",
                       path, UUID_TEXT(found));
    }
    if (!check_empty(path, err)) {
        return false;
    }
    g_autofree char *marker = g_build_filename(path, DIR_MARKER, NULL);
    g_autofree char *text = g_strconcat(UUID_TEXT(uuid), "\n", NULL);
    g_autoptr(Err) cause = NULL;
    if (!fd_write_file(marker, text, strlen(text), 0644, &cause)) {
        g_autofree char *why = err_to_string(cause);
        return sr_fail(err, SR_FAIL_FILE_CREATE, "cannot make %s a repository: %s", path, why);
    }
    return true;
}

bool dir_erase(Op *op, const char *path, Uuid uuid, Err **err)
{
    g_autoptr(Sr) sr = dir_open(op, path, uuid, err);
    g_auto(DirGuard) guard = {0};
    if (!sr || !dir_enter(op, sr, &guard, err)) {
        return false;
    }
    g_autoptr(GArray) names = dir_image_list_names(sr, err);
    if (!names) {
        return false;
    }
    for (guint i = 0; i < names->len; i++) {
        const DirName *name = &g_array_index(names, DirName, i);
        if (dir_image_in_use(sr, name)) {
            return sr_fail(err, SR_FAIL_VDI_IN_USE, "image %s of %s is in use",
                           UUID_TEXT(name->uuid), path);
        }
    }
    for (guint i = 0; i < names->len; i++) {
        const DirName *name = &g_array_index(names, DirName, i);
        if (!dir_sr_unlink(sr, DIR_NAME(name->kind, name->uuid, name->format), err)) {
            return false;
        }
    }
    return dir_sr_unlink(sr, DIR_LOCK_FILE, err) && dir_sr_unlink(sr, DIR_MARKER, err);
}

bool dir_read_marker(const char *path, Uuid *ret_uuid)
{
    g_autofree char *marker = g_build_filename(path, DIR_MARKER, NULL);
    g_autofree char *text = fd_read_file(marker, UUID_TEXT_SIZE, NULL, NULL);
    return text && uuid_parse(g_strchomp(text), ret_uuid);
}

Sr *dir_open(Op *op, const char *path, Uuid uuid, Err **err)
{
    Uuid found;
    if (!dir_read_marker(path, &found) || !uuid_equal(found, uuid)) {
        sr_fail(err, SR_FAIL_SR_UNAVAILABLE,
                "%s is not the repository %s (its file %s is missing or names another one); "
                "is its file system mounted?",
                path, UUID_TEXT(uuid), DIR_MARKER);
        return NULL;
    }
    g_autoptr(Sr) sr = new_sr(path, uuid);
    g_auto(DirGuard) guard = {0};
    g_auto(DirListing) listing = {0};
    if (!dir_enter(op, sr, &guard, err) || !dir_repair(op, &guard, &listing, err)) {
        return NULL;
    }
    return g_steal_pointer(&sr);
}

bool dir_close(Sr *sr, Err **err)
{
    lock_acquire(&sr->lock);
    unsigned pending = g_hash_table_size(sr->pending);
    lock_release(&sr->lock);
    if (pending > 0) {
        return sr_fail(err, SR_FAIL_SR_IN_USE, "%u live snapshots in %s are under way", pending,
                       sr->path);
    }
    free_sr(sr);
    return true;
}

const char *dir_path(const Sr *sr)
{
    return sr->path;
}

char *dir_probe_xml(const Uuid *uuid, const char *device, uint64_t size)
{
    GString *xml = g_string_new("<?xml version=\"1.0\" ?>\n<SRlist>\n");
    if (uuid) {
        g_string_append_printf(xml, "<SR>\n<UUID>%s</UUID>\n", UUID_TEXT(*uuid));
        if (device) {
            g_autofree char *escaped = g_markup_escape_text(device, -1);
            g_string_append_printf(xml, "<Devlist>%s</Devlist>\n", escaped);
        }
        g_string_append_printf(xml, "<size>%" G_GUINT64_FORMAT "</size>\n</SR>\n", size);
    }
    g_string_append(xml, "</SRlist>\n");
    return g_string_free(xml, FALSE);
}

char *dir_probe(const char *path)
{
    Uuid uuid;
    SrStat stat = {0};
    bool found = dir_read_marker(path, &uuid) && read_stat(path, &stat, NULL);
    return dir_probe_xml(found ? &uuid : NULL, NULL, stat.physical_size);
}

bool dir_stat(Op *op, Sr *sr, SrStat *ret_stat, Err **err)
{
    return op_check(op, err) && read_stat(sr->path, ret_stat, err);
}

GArray *dir_scan(Op *op, Sr *sr, Err **err)
{
    g_auto(DirGuard) guard = {0};
    g_auto(DirListing) listing = {0};
    if (!dir_enter(op, sr, &guard, err) || !dir_repair(op, &guard, &listing, err)) {
        return NULL;
    }
    GArray *vdis = sr_vdi_array_new();
    for (guint i = 0; i < listing.images->len; i++) {
        const DirImage *image = &g_array_index(listing.images, DirImage, i);
        if (image->name.kind != DIR_NEXT) {
            SrVdi vdi;
            dir_image_describe(image, &vdi);
            vdi.mergeable = dir_image_is_mergeable(&listing, image);
            g_array_append_val(vdis, vdi);
        }
    }
    for (guint i = 0; i < listing.damaged->len; i++) {
        const DirName *name = &g_array_index(listing.damaged, DirName, i);
        log_warn("%s of %s cannot be read; `qemu-img check` tells more",
                 DIR_NAME(name->kind, name->uuid, name->format), sr->path);
        if (name->kind != DIR_NEXT) {
            SrVdi vdi = describe_damaged(name);
            g_array_append_val(vdis, vdi);
        }
    }
    return vdis;
}

static bool read_stat(const char *path, SrStat *ret_stat, Err **err)
{
    struct statvfs stat;
    if (statvfs(path, &stat) < 0) {
        return sr_fail_errno(err, SR_FAIL_SR_UNAVAILABLE, errno, "cannot ask %s for its size",
                             path);
    }
    *ret_stat = (SrStat){
        .physical_size = (uint64_t)stat.f_blocks * stat.f_frsize,
        .physical_utilisation = (uint64_t)(stat.f_blocks - stat.f_bfree) * stat.f_frsize,
    };
    return true;
}

static bool check_empty(const char *path, Err **err)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (!folder) {
        return sr_fail_errno(err, SR_FAIL_FILE_CREATE, errno, "cannot read the folder %s", path);
    }
    const char *file;
    while ((file = g_dir_read_name(folder)) != NULL) {
        /* mkfs makes this one in every new file system. */
        if (!g_str_equal(file, "lost+found")) {
            return sr_fail(err, SR_FAIL_FILE_CREATE,
                           "%s is not empty (it holds %s); a new repository needs an empty folder",
                           path, file);
        }
    }
    return true;
}

static void free_sr(Sr *sr)
{
    g_hash_table_unref(sr->headers);
    g_hash_table_unref(sr->pending);
    g_hash_table_unref(sr->merging);
    g_cond_clear(&sr->changed);
    lock_clear(&sr->lock);
    g_free(sr->path);
    g_free(sr);
}

static Sr *new_sr(const char *path, Uuid uuid)
{
    Sr *sr = g_new0(Sr, 1);
    sr->uuid = uuid;
    sr->path = g_strdup(path);
    sr->headers = dir_image_new_headers();
    sr->pending = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_pending);
    sr->merging = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    lock_init(&sr->lock, LOCK_SR);
    g_cond_init(&sr->changed);
    return sr;
}

static void close_pending(gpointer value)
{
    close(GPOINTER_TO_INT(value) - 1);
}

static SrVdi describe_damaged(const DirName *name)
{
    return (SrVdi){
        .uuid = name->uuid,
        .location = g_strdup(UUID_TEXT(name->uuid)),
        .format = g_strdup(name->format),
        .read_only = true,
        .managed = name->kind == DIR_LEAF,
        .damaged = true,
    };
}
