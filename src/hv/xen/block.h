/* The images of a domain's disks, once QEMU serves them: hv/block with Xen's way to do the rest. */
#pragma once

#include "hv/xen/domain.h"

/* For a new domain. */
void xen_block_begin(XenDomain *domain);

/* Has QEMU go on with descriptors of ours for the images of a disk that it opened by their names;
 * nothing when it is not QEMU that serves the disk. */
bool xen_block_take_over(XenDomain *domain, Op *op, const HvDisk *config, Err **err);

/* Drops what QEMU still has of the images of a disk that the guest has no more. */
void xen_block_drop(XenDomain *domain, Op *op, const char *disk_id);
