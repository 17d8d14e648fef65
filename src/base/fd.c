/* Whole-buffer and crash-safe file I/O for small files: configuration, state, /proc.  Sockets
 * and disks are read through net/stream.h and by the engines. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define FD_READ_CHUNK ((size_t)16384)

enum { FD_OPEN_FOLDERS = 16 }; /* while a tree is removed */

static bool fd_set_flag(int fd, int get, int set, int flag, bool on, Err **err);
static bool fd_fill_temporary(int fd, const void *data, size_t length, mode_t mode, Err **err);
static int fd_remove_entry(const char *path, const struct stat *status G_GNUC_UNUSED,
                           int kind G_GNUC_UNUSED, struct FTW *at G_GNUC_UNUSED);

bool fd_set_nonblock(int fd, bool nonblock, Err **err)
{
    return fd_set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, nonblock, err);
}

bool fd_set_cloexec(int fd, bool cloexec, Err **err)
{
    return fd_set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, cloexec, err);
}

bool fd_write_all(int fd, const void *data, size_t length, Err **err)
{
    const char *at = data;
    while (length > 0) {
        ssize_t written = write(fd, at, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return err_errno(err, errno, "cannot write %zu bytes", length);
        }
        at += written;
        length -= (size_t)written;
    }
    return true;
}

char *fd_read_file(const char *path, size_t limit, size_t *ret_length, Err **err)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_errno(err, errno, "cannot open %s", path);
        return NULL;
    }
    /* Files in /proc report no size, so the end is found by reading. */
    g_autoptr(GByteArray) content = g_byte_array_new();
    for (;;) {
        size_t used = content->len;
        g_byte_array_set_size(content, (guint)(used + FD_READ_CHUNK));
        ssize_t got = read(fd, content->data + used, FD_READ_CHUNK);
        g_byte_array_set_size(content, (guint)(used + (size_t)MAX(got, 0)));
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            err_errno(err, errno, "cannot read %s", path);
            return NULL;
        }
        if (content->len > limit) {
            err_internal(err, "%s is larger than the %zu bytes allowed here", path, limit);
            return NULL;
        }
    }
    size_t length = content->len;
    g_byte_array_append(content, (const guint8 *)"", 1);
    if (ret_length) {
        *ret_length = length;
    }
    return (char *)g_byte_array_steal(content, NULL);
}

bool fd_write_file(const char *path, const void *data, size_t length, mode_t mode, Err **err)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    auto_fd fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return err_errno(err, errno, "cannot create a temporary file beside %s", path);
    }
    if (!fd_fill_temporary(fd, data, length, mode, err)) {
        (void)unlink(temporary);
        return false;
    }
    if (rename(temporary, path) < 0) {
        err_errno(err, errno, "cannot rename %s to %s", temporary, path);
        (void)unlink(temporary);
        return false;
    }
    g_autofree char *parent = g_path_get_dirname(path);
    return fd_sync_folder(parent, err);
}

bool fd_sync_folder(const char *folder, Err **err)
{
    auto_fd fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        return err_errno(err, errno, "cannot flush the folder %s to the disk", folder);
    }
    return true;
}

bool fd_remove_tree(const char *path, Err **err)
{
    if (nftw(path, fd_remove_entry, FD_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT) {
        return err_errno(err, errno, "cannot remove %s", path);
    }
    return true;
}

bool fd_make_dirs(const char *path, mode_t mode, Err **err)
{
    if (mkdir(path, mode) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        g_autofree char *parent = g_path_get_dirname(path);
        if (!fd_make_dirs(parent, 0755, err)) {
            return false;
        }
        if (mkdir(path, mode) == 0) {
            return true;
        }
    }
    int errnum = errno;
    if (errnum == EEXIST && g_file_test(path, G_FILE_TEST_IS_DIR)) {
        return true;
    }
    return err_errno(err, errnum, "cannot create the folder %s", path);
}

static bool fd_set_flag(int fd, int get, int set, int flag, bool on, Err **err)
{
    int flags = fcntl(fd, get);
    if (flags < 0) {
        return err_errno(err, errno, "cannot read the flags of descriptor %d", fd);
    }
    if (fcntl(fd, set, on ? flags | flag : flags & ~flag) < 0) {
        return err_errno(err, errno, "cannot change the flags of descriptor %d", fd);
    }
    return true;
}

static bool fd_fill_temporary(int fd, const void *data, size_t length, mode_t mode, Err **err)
{
    if (fchmod(fd, mode) < 0) {
        return err_errno(err, errno, "cannot set mode %o on a temporary file", (unsigned)mode);
    }
    if (!fd_write_all(fd, data, length, err)) {
        return false;
    }
    if (fsync(fd) < 0) {
        return err_errno(err, errno, "cannot flush a temporary file to the disk");
    }
    return true;
}

static int fd_remove_entry(const char *path, const struct stat *status G_GNUC_UNUSED,
                           int kind G_GNUC_UNUSED, struct FTW *at G_GNUC_UNUSED)
{
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}
