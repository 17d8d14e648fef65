/* Counters of a domain's parts; owned by the caller. */
#pragma once

#include "hv/xen/domain.h"

/* uint64_t: nanoseconds that each online vCPU ran, by number. */
GArray *xen_stats_vcpus(XenDomain *domain);
/* HvDiskStats of the disks that are plugged: of block devices from the kernel's backend, of files
 * from the device model that serves them. A disk nobody tells of has done nothing yet. */
GArray *xen_stats_disks(XenDomain *domain, Op *op);
