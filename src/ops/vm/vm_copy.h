/* The parts of making one VM after another: its disks, and the rows of its devices. */
#pragma once

#include "ops/platform.h"
#include "ops/undo.h"

typedef enum VmCopyKind { VM_COPY_CLONE, VM_COPY_FULL, VM_COPY_SNAPSHOT } VmCopyKind;

/* The disk VBDs of the source and the VDIs made for them. */
typedef struct VmDiskCopies {
    Call *call;
    VbdRef *vbds;
    VdiRef *sources, *copies;
    unsigned count;
    unsigned made; /* of `copies`, from the start */
} VmDiskCopies;

/* Makes a VDI for every disk of `source` (not CDs), which `undo` destroys again. `sr` is where
 * those of a full copy go; null: each where its source is. Lives in the call's arena. */
VmDiskCopies *vm_copy_disks(Call *call, VmRef source, VmCopyKind kind, SrRef sr, Undo *undo,
                            Err **err);

/* The devices of `source` again for `vm`, with the disks that were made for it. */
void vm_copy_vbds(DbTxn *txn, VmRef vm, VmRef source, const VmDiskCopies *disks);
/* With the same addresses, or with new ones from the VM's mac_seed. */
void vm_copy_vifs(DbTxn *txn, VmRef vm, VmRef source, bool keep_addresses);

/* Every stored field but the uuid and those named in `kept` (NULL-terminated; may be NULL). */
void vm_copy_fields(DbTxn *txn, uint16_t class_id, Uuid from, Uuid to, const char *const *kept);
