/* A saved state in a disk image: a header, then QEMU's migration stream.
 *
 * The image may have any format and may itself be an overlay, as a copied suspend image is, so
 * it is reached through a qemu-nbd of its own, which ends when we leave it. */
#pragma once

#include "hv/hv.h"

typedef struct QemuStateFile QemuStateFile;

/* Opens `image`; `name` is unique among those open at a time. (owned) */
QemuStateFile *qemu_statefile_open(Hv *hv, Op *op, const HvImage *image, bool writable,
                                   const char *name, Err **err);
/* Leaves it and waits until the image is closed. NULL-safe. */
void qemu_statefile_close(QemuStateFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuStateFile, qemu_statefile_close)

/* Ends the helpers that a killed daemon left. */
void qemu_statefile_clean(Hv *hv);

/* Copies from the socket `from` until its end, then the header, and flushes. */
bool qemu_statefile_fill(QemuStateFile *file, Op *op, int from, Err **err);

/* Whether there is a complete state in it. */
bool qemu_statefile_check(QemuStateFile *file, Op *op, Err **err);
/* Copies the checked state into the socket `to`. */
bool qemu_statefile_drain(QemuStateFile *file, Op *op, int to, Err **err);
