/* An attached repository folder: its exclusive section and the few file operations that change
 * names.  What the names mean is dir_repair.c's and its neighbours' business. */
#include "storage/dir/dir_sr.h"

#include "base/fd.h"
#include "storage/sr_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#define LOCK_RETRY (20 * USEC_PER_MSEC)

static bool become_busy(Op *op, Sr *sr, Err **err);
static void stop_busy(Sr *sr);
static bool lock_folder(Op *op, const Sr *sr, int *ret_fd, Err **err);
static bool sync_path(const char *path, int flags, Err **err);
static void forget_header(Sr *sr, const char *file);

bool dir_enter(Op *op, Sr *sr, DirGuard *ret_guard, Err **err)
{
    if (!become_busy(op, sr, err)) {
        return false;
    }
    int fd = -1;
    if (!lock_folder(op, sr, &fd, err)) {
        stop_busy(sr);
        return false;
    }
    *ret_guard = (DirGuard){.sr = sr, .lock_fd = fd};
    return true;
}

void dir_leave(DirGuard *guard)
{
    if (guard->sr) {
        fd_close(&guard->lock_fd);
        stop_busy(guard->sr);
        guard->sr = NULL;
    }
}

char *dir_sr_path(const Sr *sr, const char *file)
{
    return g_build_filename(sr->path, file, NULL);
}

int dir_sr_lock_file(const Sr *sr, const char *file, Err **err)
{
    g_autofree char *path = dir_sr_path(sr, file);
    auto_fd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        sr_fail_errno(err, SR_FAIL_VDI_CREATE, errno, "cannot create and lock %s", path);
        return -1;
    }
    return fd_steal(&fd);
}

bool dir_sr_file_is_locked(const Sr *sr, const char *file)
{
    g_autofree char *path = dir_sr_path(sr, file);
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

bool dir_sr_publish(Sr *sr, const char *from, const char *to, Err **err)
{
    g_autofree char *old_path = dir_sr_path(sr, from);
    g_autofree char *new_path = dir_sr_path(sr, to);
    if (!sync_path(old_path, O_RDONLY, err)) {
        return false;
    }
    if (rename(old_path, new_path) < 0) {
        return sr_fail_errno(err, SR_FAIL_VDI_CREATE, errno, "cannot rename %s to %s", old_path,
                             new_path);
    }
    forget_header(sr, from);
    return sync_path(sr->path, O_RDONLY | O_DIRECTORY, err);
}

bool dir_sr_sync(const Sr *sr, const char *file, Err **err)
{
    g_autofree char *path = dir_sr_path(sr, file);
    return sync_path(path, O_RDONLY, err);
}

bool dir_sr_link(const Sr *sr, const char *from, const char *to, Err **err)
{
    g_autofree char *old_path = dir_sr_path(sr, from);
    g_autofree char *new_path = dir_sr_path(sr, to);
    if (link(old_path, new_path) < 0) {
        return sr_fail_errno(err, SR_FAIL_VDI_SNAPSHOT, errno, "cannot link %s to %s", old_path,
                             new_path);
    }
    return sync_path(sr->path, O_RDONLY | O_DIRECTORY, err);
}

bool dir_sr_unlink(Sr *sr, const char *file, Err **err)
{
    g_autofree char *path = dir_sr_path(sr, file);
    if (unlink(path) < 0 && errno != ENOENT) {
        return sr_fail_errno(err, SR_FAIL_VDI_DELETE, errno, "cannot delete %s", path);
    }
    forget_header(sr, file);
    return sync_path(sr->path, O_RDONLY | O_DIRECTORY, err);
}

bool dir_sr_exists(const Sr *sr, const char *file)
{
    g_autofree char *path = dir_sr_path(sr, file);
    return access(path, F_OK) == 0;
}

bool dir_sr_parse_location(const char *location, Uuid *ret_uuid, Err **err)
{
    return uuid_parse(location, ret_uuid) ||
           sr_fail(err, SR_FAIL_VDI_UNAVAILABLE, "there is no image %s in this repository",
                   location);
}

static bool become_busy(Op *op, Sr *sr, Err **err)
{
    LOCK_GUARD(&sr->lock);
    while (sr->busy) {
        if (!op_wait(op, &sr->changed, &sr->lock.mutex, err)) {
            return false;
        }
    }
    sr->busy = true;
    return true;
}

static void stop_busy(Sr *sr)
{
    LOCK_GUARD(&sr->lock);
    sr->busy = false;
    g_cond_broadcast(&sr->changed);
}

/* Another process can be waited for by a blocking flock() only, which no Op could interrupt;
 * so this asks again and again.  The section is short. */
static bool lock_folder(Op *op, const Sr *sr, int *ret_fd, Err **err)
{
    g_autofree char *path = dir_sr_path(sr, DIR_LOCK_FILE);
    auto_fd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return sr_fail_errno(err, SR_FAIL_SR_UNAVAILABLE, errno, "cannot open %s", path);
    }
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return sr_fail_errno(err, SR_FAIL_SR_UNAVAILABLE, errno, "cannot lock %s", path);
        }
        if (!op_sleep(op, LOCK_RETRY, err)) {
            return false;
        }
    }
    *ret_fd = fd_steal(&fd);
    return true;
}

static bool sync_path(const char *path, int flags, Err **err)
{
    auto_fd fd = open(path, flags | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        return sr_fail_errno(err, SR_FAIL_VDI_CREATE, errno, "cannot write %s to disk", path);
    }
    return true;
}

static void forget_header(Sr *sr, const char *file)
{
    LOCK_GUARD(&sr->lock);
    g_hash_table_remove(sr->headers, file);
}
