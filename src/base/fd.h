/* File descriptors that close themselves, and whole-buffer I/O. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

static inline void fd_close(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

#define auto_fd __attribute__((cleanup(fd_close))) int

static inline int fd_steal(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

bool fd_set_nonblock(int fd, bool nonblock, Err **err);
bool fd_set_cloexec(int fd, bool cloexec, Err **err);
bool fd_write_all(int fd, const void *data, size_t length, Err **err);

/* Reads a whole file of at most `limit` bytes, NUL-terminated. (owned) */
char *fd_read_file(const char *path, size_t limit, size_t *ret_length, Err **err);

/* Writes `data` so that after a crash the file holds either the old or the new content:
 * temporary file, fsync, rename, fsync of the folder. */
bool fd_write_file(const char *path, const void *data, size_t length, mode_t mode, Err **err);

/* After a rename, a removal: they survive a crash once this returns. */
bool fd_sync_folder(const char *folder, Err **err);

/* rm -rf: nothing is left when it returns true.  Links are removed, not followed. */
bool fd_remove_tree(const char *path, Err **err);

/* mkdir -p, the last folder with `mode`. */
bool fd_make_dirs(const char *path, mode_t mode, Err **err);
