/* Disk images on their way into QEMU: opened here, handed over as descriptors, described as
 * block nodes. QEMU itself opens no path. */
#pragma once

#include "hv/hv.h"
#include "wire/value.h"

/* An opened image. */
typedef struct BlockImage {
    int fd;
    char *format;
    bool read_only;
    bool direct;       /* the page cache is bypassed */
    bool block_device; /* a device, not a file */
} BlockImage;

void block_image_clear(BlockImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BlockImage, block_image_clear)

/* Opens what the guest writes to past the page cache where the file system can, and what
 * guests share to read through it. `ret_image` starts zeroed. */
bool block_image_open(const HvImage *image, bool read_only, BlockImage *ret_image, Err **err);
/* For writing through the page cache, beside a descriptor that reads through it. */
bool block_image_open_buffered(const HvImage *image, BlockImage *ret_image, Err **err);

/* The arguments of blockdev-add (and of -blockdev) for an image in descriptor set `fdset`, on
 * top of the node `backing`, or NULL for the bottom of a chain. (owned) */
Value *block_image_node(const BlockImage *image, const char *node, int64_t fdset,
                        const char *backing, const char *aio);

/* The same in two: a node of the file alone, and what blockdev-reopen takes to put a node that is
 * there over it. Without `locking` others may open the file beside. (owned) */
Value *block_image_file_node(const BlockImage *image, const char *node, int64_t fdset,
                             const char *aio, bool locking);
Value *block_image_over(const BlockImage *image, const char *node, const char *file,
                        const char *backing);
