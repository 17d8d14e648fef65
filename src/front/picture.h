/* Pictures of consoles: from what engines draw, PNG, to what clients of XenServer expect, JPEG. */
#pragma once

#include "base/err.h"

enum {
    PICTURE_MAX_SIDE = 16384, /* pixels of a frame buffer */
    PICTURE_QUALITY = 85,     /* of JPEG, out of 100: text stays legible */
};

/* (owned) */
GBytes *picture_as_jpeg(GBytes *png, Err **err);
