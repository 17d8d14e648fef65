/* A picture as QEMU writes it (PPM) becomes a PNG: the QEMU of Debian's Xen is built without
 * libpng. Pure. */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define XEN_PICTURE_MAX_SIDE 16384 /* pixels */

/* `data` is a binary PPM of 8 bits a colour (P6, as ppm(5) of Netpbm has it). (owned) */
GBytes *xen_picture_to_png(const char *data, size_t length, Err **err);
