/* What must be known of a domain to adopt it: run_dir/<uuid>/domain.json.
 *
 * Written before the process is started (then without a pid) and again with every change of
 * devices, always before the change is made: what the record names may exist, what it does not
 * name does not. */
#pragma once

#include "hv/hv.h"

#define QEMU_RECORD_FILE "domain.json"

/* One block node: an image that QEMU has open. */
typedef struct QemuNode {
    char *name;
    int64_t fdset; /* the descriptor set its file came in */
    bool writable; /* so did a descriptor for writing, as it was a leaf */
} QemuNode;

typedef struct QemuDisk {
    char *id;
    unsigned position;
    bool is_cd;
    bool read_only;
    GArray *nodes; /* QemuNode, the bottom of the chain first: the last takes the guest's writes */
    unsigned merging; /* number of the node that goes into the one before it; 0: none */
    bool merged;      /* QEMU is done with that one, its name is not yet given away */
    char *mirror;     /* HvMirror.target while the disk is copied there; NULL: it is not */
    QemuNode copy;    /* the node of that */
} QemuDisk;

typedef struct QemuNic {
    char *id;
    unsigned position;
    char *mac; /* lower case */
} QemuNic;

/* A domain on its way to another driver, or from it. */
typedef enum QemuPassage {
    QEMU_PASSAGE_NONE,
    QEMU_PASSAGE_SENDING, /* it is ours, whatever was sent of it */
    QEMU_PASSAGE_GIVEN,   /* HvDomainInfo.given */
    QEMU_PASSAGE_COMING,  /* it is not ours yet */
} QemuPassage;

typedef struct QemuRecord {
    Uuid uuid;
    pid_t pid; /* 0: not started yet */
    uint64_t start_ticks;
    uint64_t start_ticket;
    unsigned vcpus;
    unsigned vcpus_max;
    uint64_t memory_bytes;
    uint64_t memory_max_bytes;
    int64_t next_fdset;
    bool frozen; /* the agent was told to freeze file systems, and not yet to thaw them */
    QemuPassage passage;
    GPtrArray *disks; /* QemuDisk */
    GPtrArray *nics;  /* QemuNic */
} QemuRecord;

QemuRecord *qemu_record_new(Uuid uuid); /* (owned) */
void qemu_record_free(QemuRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuRecord, qemu_record_free)

QemuDisk *qemu_record_add_disk(QemuRecord *record, const HvDisk *disk); /* (borrowed) */
/* A new node on top of the disk's chain, with a name and a descriptor set that were never used
 * in this domain. (borrowed) until the next change of the disk */
QemuNode *qemu_record_add_node(QemuRecord *record, QemuDisk *disk);
/* One that is not part of the chain. (owned) */
QemuNode qemu_record_new_node(QemuRecord *record, const QemuDisk *disk);
void qemu_record_node_clear(QemuNode *node);
/* The name of the node that the guest sees, NULL for an empty drive. (borrowed) */
const char *qemu_record_top_node(const QemuDisk *disk);
QemuDisk *qemu_record_find_disk(const QemuRecord *record, const char *id);
QemuDisk *qemu_record_disk_at(const QemuRecord *record, unsigned position);
QemuDisk *qemu_record_find_node(const QemuRecord *record, const char *node); /* the node's disk */
void qemu_record_remove_disk(QemuRecord *record, const char *id);
void qemu_record_clear_nodes(QemuDisk *disk);

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
