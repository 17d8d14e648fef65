/* Devices that come and go while the guest runs. */
#pragma once

#include "hv/qemu/domain.h"

/* Takes a device away from the guest and waits until it let go. Success when it is not there.
 * DEVICE_DETACH_TIMEOUT [`class`, `id`] when the guest holds on to it. */
bool qemu_hotplug_remove(QemuDomain *domain, Op *op, const char *device_id, const char *class,
                         const char *id, Err **err);
