/* What must be known of a domain to adopt it: run_dir/<uuid>/domain.json.
 *
 * Written before the process is started (then without a pid) and again with every change of
 * devices, always before the change is made: what the record names may exist, what it does not
 * name does not. */
#pragma once

#include "hv/block/disk.h"
#include "hv/passage.h"

#define QEMU_RECORD_FILE "domain.json"

typedef struct QemuNic {
    char *id;
    unsigned position;
    char *mac; /* lower case */
} QemuNic;

typedef struct QemuRecord {
    Uuid uuid;
    pid_t pid; /* 0: not started yet */
    uint64_t start_ticks;
    uint64_t start_ticket;
    unsigned vcpus;
    unsigned vcpus_max;
    uint64_t memory_bytes;
    uint64_t memory_max_bytes;
    int64_t next_fdset; /* of a node, or of another descriptor set */
    bool frozen;        /* the agent was told to freeze file systems, and not yet to thaw them */
    HvPassageState passage;
    GPtrArray *disks; /* BlockDisk */
    GPtrArray *nics;  /* QemuNic */
} QemuRecord;

QemuRecord *qemu_record_new(Uuid uuid); /* (owned) */
void qemu_record_free(QemuRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuRecord, qemu_record_free)

BlockDisk *qemu_record_add_disk(QemuRecord *record, const HvDisk *disk); /* (borrowed) */

QemuNic *qemu_record_add_nic(QemuRecord *record, const HvNic *nic); /* (borrowed) */
QemuNic *qemu_record_find_nic(const QemuRecord *record, const char *id);
QemuNic *qemu_record_nic_at(const QemuRecord *record, unsigned position);
void qemu_record_remove_nic(QemuRecord *record, const char *id);

/* The text of the file, and back; a record that does not parse is an error. (owned) */
char *qemu_record_to_text(const QemuRecord *record);
QemuRecord *qemu_record_parse(const char *text, size_t length, Err **err);

/* Puts such a text into the folder `dir`, and reads the one that is there. */
bool qemu_record_write(const char *text, const char *dir, Err **err);
QemuRecord *qemu_record_load(const char *dir, Err **err);
