/* Device numbers of disks: the many ways clients write them, and which are free. */
#pragma once

#include "ops/platform.h"

enum {
    VBD_DEVICE_SIZE = 8,
    VBD_DEVICE_MAX = 15, /* 6.2: sixteen disks, 0 to 15 */
};

/* "0", "xvda", "hda", "sda" all mean 0. False for anything else. */
bool vbd_device_parse(const char *userdevice, unsigned *ret_position);

/* The number that a new VBD gets, as text: the asked one, or the lowest free one for "autodetect".
 * INVALID_DEVICE, DEVICE_ALREADY_EXISTS. */
bool vbd_device_choose(const DbView *view, VmRef vm, const char *userdevice,
                       char ret_device[VBD_DEVICE_SIZE], Err **err);

/* The free numbers. (owned, array of strings) */
Value *vbd_device_free_list(const DbView *view, VmRef vm);
