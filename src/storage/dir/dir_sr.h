/* An attached repository folder, shared by the files of the directory core.  Drivers that keep
 * images in a folder (file, ext) see dir.h only. */
#pragma once

#include "base/lock.h"
#include "storage/dir/dir_name.h"
#include "storage/sr.h"
#include "wire/value.h"

#include <sys/stat.h>

#define DIR_MARKER    "clearwater-sr" /* holds the SR's uuid: this folder is that SR, and mounted */
#define DIR_LOCK_FILE ".lock"
#define DIR_MAX_CHAIN 30                   /* images from leaf to the last parent */
#define DIR_MAX_FILES 100000               /* images in one folder */
#define DIR_MAX_SIZE  ((uint64_t)64 << 40) /* bytes a guest may see of one image */

#define DIR_MODE_MERGING S_IXUSR /* mark of a leaf that its domain merges into the parent */

struct Sr {
    Uuid uuid;
    char *path;
    Lock lock;
    GCond changed;
    bool busy;           /* a thread is inside dir_enter() */
    GHashTable *headers; /* file name -> DirHeader, see dir_image.c */
    GHashTable *merging; /* locations that domains merge for us */
    GHashTable *pending; /* location -> descriptor + 1 that keeps the .next file locked */
};

/* One image file as it is now. */
typedef struct DirImage {
    DirName name;
    struct stat stat;
    uint64_t virtual_size;
    bool has_backing;
    DirName backing; /* of the same folder; a base */
} DirImage;

/* The right to change names in the folder, over all threads and all processes of this machine.
 * Held for renames and the small qemu-img calls around them, never while data are copied. */
typedef struct DirGuard {
    Sr *sr;
    int lock_fd;
} DirGuard;
bool dir_enter(Op *op, Sr *sr, DirGuard *ret_guard, Err **err);
void dir_leave(DirGuard *guard);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DirGuard, dir_leave)

char *dir_sr_path(const Sr *sr, const char *file); /* (owned) */

/* Opens `file` anew or again and locks it against dir_repair(); -1 on failure. */
int dir_sr_lock_file(const Sr *sr, const char *file, Err **err);
/* True when somebody who still runs holds that lock. */
bool dir_sr_file_is_locked(const Sr *sr, const char *file);

/* Gives the finished file `from` the name `to`, replacing what had it; both on disk afterwards. */
bool dir_sr_publish(Sr *sr, const char *from, const char *to, Err **err);
/* Waits until the content of `file` is on disk. */
bool dir_sr_sync(const Sr *sr, const char *file, Err **err);
/* A second name for one file. */
bool dir_sr_link(const Sr *sr, const char *from, const char *to, Err **err);
/* Success when it is not there. */
bool dir_sr_unlink(Sr *sr, const char *file, Err **err);
bool dir_sr_exists(const Sr *sr, const char *file);

/* An uuid for a location; a location that is none is no image of ours (_46). */
bool dir_sr_parse_location(const char *location, Uuid *ret_uuid, Err **err);
