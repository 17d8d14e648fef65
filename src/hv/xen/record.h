/* What is written down of a domain below run_dir/<uuid>/, so that the next daemon knows it is ours
 * and what it has.  It is there before the domain is, and goes after it. */
#pragma once

#include "hv/block/disk.h"
#include "hv/passage.h"

#define XEN_RECORD_FILE "domain.json"

typedef struct XenDisk {
    BlockDisk block;     /* first; without nodes when QEMU does not serve it, or it is a CD */
    char *path, *format; /* that Xen was given for the leaf; NULL while a CD drive is empty */
} XenDisk;

typedef struct XenNic {
    char *id;
    unsigned position;
    char *mac; /* lower case */
} XenNic;

typedef struct XenRecord {
    Uuid uuid;
    uint32_t domid; /* 0 until the domain is complete: such a one is no use to anybody */
    HvPassageState passage;
    uint64_t start_ticket;
    HvKind kind;
    unsigned vcpus, vcpus_max; /* that are to be online; that there are */
    uint64_t memory_max_bytes;
    int64_t next_node; /* the first number that no block node has had */
    GPtrArray *disks;  /* XenDisk */
    GPtrArray *nics;   /* XenNic */
} XenRecord;

XenRecord *xen_record_new(const HvDomainConfig *config);
void xen_record_free(XenRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenRecord, xen_record_free)

void xen_record_add_disk(XenRecord *record, const HvDisk *disk);
void xen_record_add_nic(XenRecord *record, const HvNic *nic);
/* NULL when there is none. (borrowed) */
XenDisk *xen_record_find_disk(const XenRecord *record, const char *id);
XenDisk *xen_record_disk_at(const XenRecord *record, unsigned position);
XenNic *xen_record_find_nic(const XenRecord *record, const char *id);
XenNic *xen_record_nic_at(const XenRecord *record, unsigned position);
void xen_record_remove_disk(XenRecord *record, const char *id);
void xen_record_remove_nic(XenRecord *record, const char *id);
/* What a CD drive holds; NULL for nothing. */
void xen_record_set_medium(XenDisk *disk, const HvImage *image);

char *xen_record_to_text(const XenRecord *record);
XenRecord *xen_record_parse(const char *text, size_t length, Err **err);
bool xen_record_write(const char *text, const char *dir, Err **err);
XenRecord *xen_record_load(const char *dir, Err **err);
