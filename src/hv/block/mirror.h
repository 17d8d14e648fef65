/* Moving a disk of a running domain to another image; HvDriver.disk_mirror says what is promised.
 */
#pragma once

#include "hv/block/guest.h"

bool block_mirror_disk(BlockGuest *guest, Op *op, const HvMirror *mirror, Err **err);
bool block_mirror_settle(BlockGuest *guest, Op *op, const char *disk_id, const char *target,
                         Err **err);
