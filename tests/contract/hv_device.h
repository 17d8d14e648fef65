/* The case of hv_contract about disks on block devices. */
#pragma once

#include "hv_fixture.h"

/* A guest reads and writes a raw block device; where the kernel serves that, what only QEMU can do
 * is refused, and devices come and go. */
void hv_device_test(Bench *bench);
