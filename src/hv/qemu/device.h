/* Guest devices as QEMU is told of them, the same for a new domain and for a running one. */
#pragma once

#include "hv/qemu/record.h"
#include "wire/value.h"

/* Disks and NICs stand on one PCI bus that takes and releases devices while the guest runs: a
 * disk at slot 1 + position, a NIC at slot 17 + position. */
#define QEMU_HOTPLUG_BUS   "plug"
#define QEMU_MAX_DISKS     16
#define QEMU_MAX_NICS      8
#define QEMU_MAX_CD_DRIVES 6 /* ports of the AHCI controller; not hot-pluggable */

#define QEMU_AGENT_DEVICE   "agent"
#define QEMU_BALLOON_DEVICE "balloon"

#define QEMU_CD_BUS "cds" /* the SCSI controller of domains that have one for their CDs */

/* The id of the device in QEMU: "disk-<id>", "nic-<id>". (owned) */
char *qemu_device_disk_id(const char *id);
char *qemu_device_nic_id(const char *id);
/* The id of the NIC's other end, "net<position>". (owned) */
char *qemu_device_netdev_id(unsigned position);
/* The disk id within such a device id, NULL when it is another device. (borrowed) */
const char *qemu_device_disk_of(const char *device_id);
/* HvDisk.id or HvNic.id; NULL for what is neither. (borrowed) */
const char *qemu_device_id_of(const char *device_id);

bool qemu_device_check_disk(const HvDisk *disk, Err **err);
bool qemu_device_check_nic(const HvNic *nic, Err **err);

/* Arguments of device_add and -device. `node` is the block node, NULL for an empty CD drive;
 * `boot_index` 0 keeps a device out of the boot order. (owned) */
Value *qemu_device_disk(const BlockDisk *disk, const char *node, unsigned boot_index);
Value *qemu_device_cd(const BlockDisk *disk, bool scsi, unsigned port, const char *node,
                      unsigned boot_index);
/* `netdev` NULL: a NIC whose cable is not plugged in. */
Value *qemu_device_nic(const HvNic *nic, const char *netdev, unsigned boot_index);
