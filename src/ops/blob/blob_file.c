/* A draft has a name that no uuid is, so that a sweep finds what a crash left of it. */
#include "ops/blob/blob_file.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char *folder_of(const Platform *platform);
static char *path_of(const Platform *platform, const char *uuid);
static bool sync_folder(const char *path, Err **err);

bool blob_file_has_storage(const Platform *platform)
{
    g_autofree char *folder = folder_of(platform);
    return g_file_test(folder, G_FILE_TEST_IS_DIR);
}

bool blob_file_enable_storage(const Platform *platform, Err **err)
{
    g_autofree char *folder = folder_of(platform);
    return fd_make_dirs(folder, 0700, err);
}

bool blob_file_disable_storage(const Platform *platform, Err **err)
{
    g_autofree char *folder = folder_of(platform);
    g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal);
    blob_file_sweep(platform, none);
    return rmdir(folder) == 0 || errno == ENOENT ||
           err_errno(err, errno, "cannot remove the folder of blobs %s", folder);
}

int blob_file_open(const Platform *platform, const char *uuid, int64_t *ret_size)
{
    g_autofree char *path = path_of(platform, uuid);
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        return -1;
    }
    *ret_size = status.st_size;
    return fd_steal(&fd);
}

bool blob_file_begin(const Platform *platform, const char *uuid, BlobDraft *ret_draft, Err **err)
{
    g_auto(BlobDraft) draft = {.path = path_of(platform, uuid)};
    g_autofree char *draft_path = g_strconcat(draft.path, ".XXXXXX", NULL);
    draft.fd = mkostemp(draft_path, O_CLOEXEC);
    if (draft.fd < 0) {
        return err_errno(err, errno, "cannot make a file for the blob %s", uuid);
    }
    draft.draft_path = g_steal_pointer(&draft_path);
    *ret_draft = draft;
    draft = (BlobDraft){.fd = -1};
    return true;
}

bool blob_file_commit(BlobDraft *draft, Err **err)
{
    if (fsync(draft->fd) < 0) {
        return err_errno(err, errno, "cannot flush %s to the disk", draft->draft_path);
    }
    if (rename(draft->draft_path, draft->path) < 0) {
        return err_errno(err, errno, "cannot rename %s to %s", draft->draft_path, draft->path);
    }
    g_clear_pointer(&draft->draft_path, g_free);
    return sync_folder(draft->path, err);
}

void blob_draft_clear(BlobDraft *draft)
{
    fd_close(&draft->fd);
    if (draft->draft_path) {
        unlink(draft->draft_path);
    }
    g_clear_pointer(&draft->draft_path, g_free);
    g_clear_pointer(&draft->path, g_free);
}

void blob_file_remove(const Platform *platform, const char *uuid)
{
    g_autofree char *path = path_of(platform, uuid);
    if (unlink(path) < 0 && errno != ENOENT) {
        log_warn("cannot remove %s: %s", path, g_strerror(errno));
    }
}

void blob_file_sweep(const Platform *platform, GHashTable *uuids)
{
    g_autofree char *folder = folder_of(platform);
    GDir *dir = g_dir_open(folder, 0, NULL);
    if (!dir) {
        return;
    }
    const char *name;
    while ((name = g_dir_read_name(dir))) {
        if (!g_hash_table_contains(uuids, name)) {
            blob_file_remove(platform, name);
        }
    }
    g_dir_close(dir);
}

static char *folder_of(const Platform *platform)
{
    return g_build_filename(platform_paths(platform)->state_dir, "blobs", NULL);
}

static char *path_of(const Platform *platform, const char *uuid)
{
    return g_build_filename(platform_paths(platform)->state_dir, "blobs", uuid, NULL);
}

static bool sync_folder(const char *path, Err **err)
{
    g_autofree char *folder = g_path_get_dirname(path);
    auto_fd fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) ||
           err_errno(err, errno, "cannot flush the folder %s to the disk", folder);
}
