/* Chains of block nodes in a running domain. */
#pragma once

#include "hv/block/guest.h"
#include "hv/block/image.h"

/* Adds nodes for `images` (leaf first) to `disk`: a chain of their own, not on top of what the
 * disk has already. The record is written before. What could be added stays on failure: the
 * caller drops it. */
bool block_chain_add(BlockGuest *guest, Op *op, BlockDisk *disk, const HvImage *images,
                     unsigned count, Err **err);

/* The same for a disk whose images QEMU has opened by itself, by their names, with a node `top` for
 * the leaf: that node goes on with descriptors of ours, so that images may change their names.
 * With `locking` QEMU keeps others from opening the leaf. On failure the disk is as it was. */
bool block_chain_take_over(BlockGuest *guest, Op *op, BlockDisk *disk, const char *top,
                           const HvImage *images, unsigned count, bool locking, Err **err);

/* Removes the disk's nodes above the first `keep`, the uppermost first, and their descriptors,
 * as far as they are there, and writes the record. */
void block_chain_drop(BlockGuest *guest, Op *op, BlockDisk *disk, unsigned keep);

/* After a restart of the driver: drops the nodes that were to get over a disk and did not. */
void block_chain_settle(BlockGuest *guest, Op *op);

/* Whether a guest has the node for one of its disks, by QEMU's answer to query-block. */
bool block_chain_is_drive(const Value *drives, const char *node);
/* The same, asking QEMU; false also when it does not answer. */
bool block_chain_is_used(BlockGuest *guest, Op *op, const char *node);

/* One node, over `below` or nothing: adds it, takes it out again with its descriptors. */
bool block_chain_add_node(BlockGuest *guest, Op *op, const BlockNode *node, const BlockImage *image,
                          const char *below, Err **err);
void block_chain_remove_node(BlockGuest *guest, Op *op, const BlockNode *node);
