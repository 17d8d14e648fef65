/* A saved state in a disk image: a header, then the engine's migration stream.
 *
 * The image may have any format and may itself be an overlay, as a copied suspend image is, so
 * it is reached through a qemu-nbd of its own, which ends when we leave it. */
#pragma once

#include "hv/hv.h"

typedef struct HvStateFile HvStateFile;

/* Opens `image` with a helper whose files are in `dir`; `name` is unique among those open there at
 * a time. (owned) */
HvStateFile *hv_statefile_open(const char *dir, Op *op, const HvImage *image, bool writable,
                               const char *name, Err **err);
/* Leaves it and waits until the image is closed. NULL-safe. */
void hv_statefile_close(HvStateFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvStateFile, hv_statefile_close)

/* Ends the helpers that a killed daemon left in `dir`. */
void hv_statefile_clean(const char *dir);

/* Copies from the socket `from` until its end, then the header, and flushes. */
bool hv_statefile_fill(HvStateFile *file, Op *op, int from, Err **err);

/* Whether there is a complete state in it. */
bool hv_statefile_check(HvStateFile *file, Op *op, Err **err);
/* Copies the checked state into the socket `to`. */
bool hv_statefile_drain(HvStateFile *file, Op *op, int to, Err **err);
