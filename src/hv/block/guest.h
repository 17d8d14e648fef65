/* A guest whose disks a QEMU serves: what the block work of the engines needs of it.
 *
 * Each engine has one of these in its domain and says how the rest is done there.  Nothing here
 * knows whether that QEMU runs the guest or is the device model of a hypervisor. */
#pragma once

#include "base/lock.h"
#include "hv/block/disk.h"
#include "hv/qmp.h"

typedef struct BlockEngine {
    /* Writes the domain's record as it is now. */
    bool (*save_record)(void *user, Err **err);
    bool (*runs)(void *user);
    /* Has the guest stand still, or run. */
    bool (*set_paused)(void *user, Op *op, bool paused, Err **err);
} BlockEngine;

typedef struct BlockGuest {
    const BlockEngine *engine;
    void *user;
    const char *name; /* of the domain (borrowed), for errors */
    const char *aio;  /* how QEMU reads and writes files (borrowed) */
    Qmp *qmp;         /* (borrowed); there before block work is begun */
    Lock *lock;       /* the domain's, over its disks and what follows */
    GCond *changed;
    GPtrArray *disks;   /* (borrowed) pointers to what begins with a BlockDisk */
    int64_t *next_node; /* in the record: the first number without a node */
    GHashTable *jobs;   /* id (owned) -> BlockJob: jobs that somebody waits for */
    bool controlled;    /* somebody stops and continues the guest */
    bool ended;         /* QEMU tells nothing any more */
} BlockGuest;

/* Sets up the parts that are not borrowed; the caller sets the others. */
void block_guest_init(BlockGuest *guest);
void block_guest_clear(BlockGuest *guest);

/* Nobody will hear of QEMU any more: whoever waits for it is told so. */
void block_guest_end(BlockGuest *guest);

/* The right to stop and continue the guest: waits for who has it. */
bool block_guest_take_control(BlockGuest *guest, Op *op, Err **err);
void block_guest_leave_control(BlockGuest *guest);

/* A disk whose images QEMU has open; else an error that says why there is none. (borrowed) */
BlockDisk *block_guest_find_disk(BlockGuest *guest, const char *disk_id, Err **err);

bool block_guest_save(BlockGuest *guest, Err **err);
bool block_guest_runs(BlockGuest *guest);
bool block_guest_set_paused(BlockGuest *guest, Op *op, bool paused, Err **err);
