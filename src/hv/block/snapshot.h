/* New overlays under the writes of a running guest, and growing what it writes to. */
#pragma once

#include "hv/block/guest.h"

/* As HvDriver.disk_snapshot and HvDriver.disk_resize. */
bool block_snapshot_disks(BlockGuest *guest, Op *op, const char *const *disk_ids,
                          const HvImage *overlays, unsigned count, Err **err);
bool block_snapshot_resize(BlockGuest *guest, Op *op, const char *disk_id, uint64_t bytes,
                           Err **err);
