/* Disk images on their way into QEMU: opened here, handed over as descriptors, described as
 * block nodes. QEMU itself opens no path. */
#pragma once

#include "hv/hv.h"
#include "wire/value.h"

/* An opened image. */
typedef struct QemuImage {
    int fd;
    char *format;
    bool read_only;
    bool direct;       /* the page cache is bypassed */
    bool block_device; /* a device, not a file */
} QemuImage;

void qemu_image_clear(QemuImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuImage, qemu_image_clear)

/* Opens what the guest writes to past the page cache where the file system can, and what
 * guests share to read through it. `ret_image` starts zeroed. */
bool qemu_image_open(const HvImage *image, bool read_only, QemuImage *ret_image, Err **err);
/* For writing through the page cache, beside a descriptor that reads through it. */
bool qemu_image_open_buffered(const HvImage *image, QemuImage *ret_image, Err **err);

/* The arguments of blockdev-add (and of -blockdev) for an image in descriptor set `fdset`, on
 * top of the node `backing`, or NULL for the bottom of a chain. (owned) */
Value *qemu_image_node(const QemuImage *image, const char *node, int64_t fdset, const char *backing,
                       const char *aio);
