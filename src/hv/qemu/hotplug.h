/* Devices that come and go while the guest runs. */
#pragma once

#include "hv/qemu/domain.h"

/* Takes a device away from the guest and waits until it let go. Success when it is not there.
 * DEVICE_DETACH_TIMEOUT [`class`, `id`] when the guest holds on to it. */
bool qemu_hotplug_remove(QemuDomain *domain, Op *op, const char *device_id, const char *class,
                         const char *id, Err **err);

/* Whether the guest let the device go after the wait for that had ended; such news is told once.
 * `make_id` makes the device's id of `id`. */
bool qemu_hotplug_take_deleted(QemuDomain *domain, const char *id,
                               char *(*make_id)(const char *id));

/* Drops what QEMU and the record still have of a NIC whose device is gone. */
void qemu_nic_forget(QemuDomain *domain, Op *op, const char *nic_id, unsigned position);
