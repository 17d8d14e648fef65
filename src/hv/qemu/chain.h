/* Chains of block nodes in a running domain. */
#pragma once

#include "hv/qemu/domain.h"
#include "hv/qemu/image.h"

/* Adds nodes for `images` (leaf first) to `disk`: a chain of their own, not on top of what the
 * disk has already. The record is written before. What could be added stays on failure: the
 * caller drops it. */
bool qemu_chain_add(QemuDomain *domain, Op *op, QemuDisk *disk, const HvImage *images,
                    unsigned count, Err **err);

/* Removes the disk's nodes above the first `keep`, the uppermost first, and their descriptors,
 * as far as they are there, and writes the record. */
void qemu_chain_drop(QemuDomain *domain, Op *op, QemuDisk *disk, unsigned keep);

/* One node, over `below` or nothing: adds it, takes it out again with its descriptors. */
bool qemu_chain_add_node(QemuDomain *domain, Op *op, const QemuNode *node, const QemuImage *image,
                         const char *below, Err **err);
void qemu_chain_remove_node(QemuDomain *domain, Op *op, const QemuNode *node);
