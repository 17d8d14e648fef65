/* Block devices, and files that stand in for them, below an `ext` repository: what they carry,
 * making a file system on them, mounting it. */
#pragma once

#include "base/op.h"
#include "base/uuid.h"

/* What blkid(8) finds on a device. */
typedef struct ExtContent {
    bool blank;    /* no file system, partition table, volume or swap signature */
    char type[32]; /* "ext4", "LVM2_member", "dos", ... */
    char label[32];
    Uuid uuid; /* of the file system; null when it has none */
} ExtContent;

#define EXT_LABEL "clearwater-sr"

bool ext_device_check(const char *device, Err **err); /* _91 */
bool ext_device_read(Op *op, const char *device, ExtContent *ret_content, Err **err);
/* The parser behind it: `blkid -p -o export`, lines of NAME=value. */
void ext_device_parse(const char *text, ExtContent *ret_content);

/* An empty ext4 with `uuid` as its own. */
bool ext_device_format(Op *op, const char *device, Uuid uuid, Err **err);

/* Deletes the signatures, so that the device is blank. */
bool ext_device_wipe(Op *op, const char *device, Err **err);
bool ext_device_size(const char *device, uint64_t *ret_size, Err **err);

/* Success when `folder`, which is made when missing, has something mounted already. */
bool ext_device_mount(Op *op, const char *device, const char *folder, Err **err);
/* Success when nothing is mounted there; _16 while it is used. */
bool ext_device_unmount(Op *op, const char *folder, Err **err);
bool ext_device_is_mounted(const char *folder);
