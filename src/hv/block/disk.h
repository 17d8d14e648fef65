/* What is known of a disk whose images QEMU has open, and its JSON in a domain's record.
 *
 * The record is written with every change, always before the change is made: what it names may
 * exist, what it does not name does not. */
#pragma once

#include "hv/hv.h"
#include "wire/value.h"

/* One block node: an image that QEMU has open. */
typedef struct BlockNode {
    char *name;
    char *file; /* the node of its file, if that has a name: below one that QEMU made by itself */
    int64_t fdset; /* the descriptor set its file came in */
    bool writable; /* so did a descriptor for writing, as it was a leaf */
} BlockNode;

typedef struct BlockDisk {
    char *id;
    unsigned position;
    bool is_cd;
    bool read_only;
    GArray *nodes; /* BlockNode, the bottom of the chain first: the last takes the guest's writes */
    unsigned merging; /* number of the node that goes into the one before it; 0: none */
    bool merged;      /* QEMU is done with that one, its name is not yet given away */
    char *mirror;     /* HvMirror.target while the disk is copied there; NULL: it is not */
    BlockNode copy;   /* the node of that */
} BlockDisk;

/* Sets up `disk`, whose memory is zeroed and the caller's; without nodes. */
void block_disk_init(BlockDisk *disk, const HvDisk *config);
void block_disk_clear(BlockDisk *disk);

/* A new node on top of the disk's chain, with a name and a descriptor set that were never used
 * in this domain: `next` is the first number that is free. (borrowed) until the next change */
BlockNode *block_disk_add_node(BlockDisk *disk, int64_t *next);
/* One that is not part of the chain. (owned) */
BlockNode block_disk_new_node(const BlockDisk *disk, int64_t *next);
void block_disk_node_clear(BlockNode *node);
void block_disk_clear_nodes(BlockDisk *disk);
/* The name of the node that the guest sees, NULL for an empty drive. (borrowed) */
const char *block_disk_top_node(const BlockDisk *disk);

/* Among `disks`, pointers to what begins with a BlockDisk; NULL when there is none. (borrowed) */
BlockDisk *block_disk_find(const GPtrArray *disks, const char *id);
BlockDisk *block_disk_at(const GPtrArray *disks, unsigned position);
BlockDisk *block_disk_find_node(const GPtrArray *disks, const char *node); /* the node's disk */
void block_disk_remove(GPtrArray *disks, const char *id);

/* A struct, to which more may be added, and back: false for one that is not complete. `ret_disk`
 * is as for block_disk_init(), and to be cleared either way. (owned) */
Value *block_disk_to_value(const BlockDisk *disk);
bool block_disk_read(const Value *value, BlockDisk *ret_disk);
