/* Disks and NICs as libxl has them. Pure but for a look at what a path is. */
#pragma once

#include "hv/xen/record.h"

#include <libxl.h>

#define XEN_DISKS_MAX 16 /* positions of disks, as XenServer has them */
#define XEN_NICS_MAX  8

/* The guest's name of a disk by its position: "xvda" is 0. */
#define XEN_VDEV_SIZE 8
bool xen_device_vdev(unsigned position, char vdev[XEN_VDEV_SIZE], Err **err);

/* The guest's number of the device at that position, by which xenstore names it. */
unsigned xen_device_number(unsigned position);

/* A block device is served by the kernel (phy), every file by a device model (qdisk).  A CD drive
 * without a medium has `path` NULL.  `ret_disk` is initialised here, and disposed by the caller. */
bool xen_device_disk(const XenDisk *disk, libxl_device_disk *ret_disk, Err **err);

/* `script` joins the host's end to the bridge. `ret_nic` likewise. */
bool xen_device_nic(const HvNic *nic, const char *script, libxl_device_nic *ret_nic, Err **err);

/* Six hexadecimal pairs between colons. */
bool xen_device_parse_mac(const char *text, libxl_mac *ret_mac);
