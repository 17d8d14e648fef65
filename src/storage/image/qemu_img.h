/* qemu-img as a library: every touch of a qcow2 image that is not a whole-file rename goes
 * through here.  Formats are always named, never probed, since a guest writes what a probe reads.
 *
 * Errors: SR_BACKEND_FAILURE_<code of the function> with what qemu-img said; _44 when it ran out
 * of room, _24 when a running domain holds the image.  Cancelling the Op ends qemu-img. */
#pragma once

#include "storage/sr.h"

/* What an image's header says. */
typedef struct QemuImgInfo {
    uint64_t virtual_size;
    char *backing; /* as recorded, or NULL */
} QemuImgInfo;

void qemu_img_info_clear(QemuImgInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuImgInfo, qemu_img_info_clear)

/* Images may be open elsewhere. */
bool qemu_img_info(Op *op, const char *path, const char *format, QemuImgInfo *ret_info, Err **err);

/* The parser behind it: JSON of `qemu-img info --output=json`.  Refuses images whose data are in
 * a second file. */
bool qemu_img_info_parse(const char *text, size_t length, QemuImgInfo *ret_info, Err **err);

/* An empty image; an existing file is overwritten. */
bool qemu_img_create(Op *op, const char *path, const char *format, uint64_t virtual_size,
                     Err **err);

/* An empty qcow2 over `backing`, a file name in the same folder that need not exist yet. */
bool qemu_img_create_overlay(Op *op, const char *path, const char *backing,
                             const char *backing_format, uint64_t virtual_size, Err **err);

bool qemu_img_resize(Op *op, const char *path, const char *format, uint64_t virtual_size,
                     Err **err);

/* Writes the data of a qcow2 overlay into its backing file; the overlay stays as it is, so that
 * the chain reads the same at any moment. */
bool qemu_img_commit(Op *op, const char *path, Err **err);

/* The content of `source` and of all that is below it, into a new qcow2. */
bool qemu_img_convert(Op *op, const SrImage *source, const char *target, SrProgress progress,
                      void *user, Err **err);

/* Reads the progress that `qemu-img -p` prints, "    (12.34/100%)\r" over and over, as it arrives
 * in pieces.  `tail` keeps the unfinished end between two calls; it starts as "".  True when there
 * was a whole reading; `*ret_done` (0..1) is the last one. */
#define QEMU_IMG_PROGRESS_TAIL 32
bool qemu_img_progress_parse(char tail[QEMU_IMG_PROGRESS_TAIL], const char *data, size_t length,
                             double *ret_done);
