/* Merging one image of a running domain's chain into the one below. */
#pragma once

#include "hv/block/guest.h"

/* As HvDriver.disk_merge. */
bool block_merge_disk(BlockGuest *guest, Op *op, const HvMerge *merge, Err **err);

/* After a restart of the driver: ends merges that are under way, and forgets the images of those
 * that had come to their end. */
void block_merge_settle(BlockGuest *guest, Op *op);
