/* Device numbers of NICs. */
#pragma once

#include "ops/platform.h"

enum {
    VIF_DEVICE_SIZE = 8,
    VIF_DEVICE_MAX = 6, /* 6.2: seven NICs, 0 to 6 */
};

/* The asked number, or the lowest free one for "autodetect". INVALID_DEVICE,
 * DEVICE_ALREADY_EXISTS. */
bool vif_device_choose(const DbView *view, VmRef vm, const char *device, unsigned *ret_position,
                       Err **err);

/* The free numbers. (owned, array of strings) */
Value *vif_device_free_list(const DbView *view, VmRef vm);
