/* The parts of making one VM after another: its disks, and the rows of its devices. */
#pragma once

#include "ops/platform.h"
#include "ops/undo.h"

typedef enum VmCopyKind { VM_COPY_CLONE, VM_COPY_FULL, VM_COPY_SNAPSHOT } VmCopyKind;

typedef struct VmCopySpec {
    VmRef source;
    VmCopyKind kind;
    SrRef sr;             /* of a full copy's disks; null: each where its source is */
    const Value *ignored; /* array of VDIs that are left out with their VBDs; NULL: none */
    bool quiesced;        /* the guest's file systems stand still */
} VmCopySpec;

/* The disk VBDs of the source and the VDIs made for them. */
typedef struct VmDiskCopies {
    Call *call;
    VbdRef *vbds;
    VdiRef *sources, *copies;
    unsigned count;
    unsigned made; /* of `copies`, from the start */
} VmDiskCopies;

/* Makes a VDI for every disk of the source (not CDs), which `undo` destroys again. Lives in the
 * call's arena. */
VmDiskCopies *vm_copy_disks(Call *call, const VmCopySpec *spec, Undo *undo, Err **err);

/* The devices of the source again for `vm`, with the disks that were made for it. For a VM that is
 * suspended they are attached where those of the source were, or must be once a snapshot is
 * reverted to; else they are not. */
void vm_copy_vbds(DbTxn *txn, VmRef vm, const VmCopySpec *spec, const VmDiskCopies *disks);
/* With the same addresses, or with new ones from the VM's mac_seed. */
void vm_copy_vifs(DbTxn *txn, VmRef vm, VmRef source, bool keep_addresses);

/* What the guest of `source` has told, for `vm` in place of what it had. */
void vm_copy_guest_metrics(DbTxn *txn, VmRef vm, VmRef source);

/* Every stored field but the uuid and those named in `kept` (NULL-terminated; may be NULL). */
void vm_copy_fields(DbTxn *txn, uint16_t class_id, Uuid from, Uuid to, const char *const *kept);
