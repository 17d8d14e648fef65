/* Images and their VDI objects together: what messages of VDI and operations of VM share.  All take
 * the operation on the disk that they stand for, unless the call has one already. */
#pragma once

#include "ops/platform.h"

typedef struct VdiDiskSpec {
    SrRef sr;
    int64_t virtual_size;
    VdiType type;
    const char *name_label, *name_description;
    const char *format; /* "qcow2" or "raw"; NULL: the driver's own */
    bool sharable, read_only;
    const Value *other_config, *xenstore_data, *sm_config, *tags; /* NULL: empty */
} VdiDiskSpec;

/* Makes the image, then the object. */
bool vdi_disk_create(Call *call, const VdiDiskSpec *spec, VdiRef *ret_vdi, Err **err);

/* Destroys the image, then the object with its VBDs. */
bool vdi_disk_destroy(Call *call, VdiRef vdi, Err **err);

/* A copy that shares its data with the source: a snapshot (read-only, snapshot_of set) or a clone.
 * The source may be in use by a running VM of this host. */
typedef enum VdiCopyKind { VDI_COPY_SNAPSHOT, VDI_COPY_CLONE } VdiCopyKind;
bool vdi_disk_duplicate(Call *call, VdiRef source, VdiCopyKind kind, VdiRef *ret_vdi, Err **err);

/* As vdi_disk_duplicate() for several disks of one running VM, all at one instant.
 * `ret_copies[i]` belongs to `sources[i]`; none is made on failure. */
bool vdi_disk_duplicate_all(Call *call, VmRef vm, const VdiRef *sources, unsigned count,
                            VdiCopyKind kind, VdiRef *ret_copies, Err **err);

/* The VBD by which a VM that is up has the disk open to write; null when none has. */
VbdRef vdi_disk_find_open_vbd(const DbView *view, VdiRef vdi);

/* A full copy in `sr`. Progress goes to the task. */
bool vdi_disk_copy(Call *call, VdiRef source, SrRef sr, VdiRef *ret_vdi, Err **err);

/* The same for one that does not count yet: its type is suspend, and what describes the source is
 * left to the caller. `progress` may be NULL. */
bool vdi_disk_copy_unfinished(Call *call, VdiRef source, SrRef sr, SrProgress progress, void *user,
                              VdiRef *ret_vdi, Err **err);

/* Reads size and use of the SR anew. Failures are logged. */
void vdi_disk_refresh_sr(Call *call, SrRef sr);
