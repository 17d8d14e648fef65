/* Merging one image of a running domain's chain into the one below. */
#pragma once

#include "hv/qemu/domain.h"

/* After a restart of the driver: ends merges that are under way, and forgets the images of those
 * that had come to their end. */
void qemu_merge_settle(QemuDomain *domain, Op *op);
