/* A disk whose image an operation is about to read or change. */
#pragma once

#include "gen/types.h"
#include "ops/hold.h"
#include "ops/sr/sr_table.h"

typedef struct VdiLock {
    Hold vdi, sr;
    SrUse use; /* the repository of the disk, kept attached */
} VdiLock;

/* Takes operation `op` ("clone", "copy", ...) on the disk and "vdi_<op>" on its SR, if the call has
 * none there yet, ends a merge of the disk that is under way, and keeps the SR attached.
 * OTHER_OPERATION_IN_PROGRESS, VDI_IN_USE, SR_OPERATION_NOT_SUPPORTED, SR_HAS_NO_PBDS,
 * VDI_NOT_MANAGED. */
bool vdi_lock_take(Call *call, VdiRef vdi, const char *op, VdiLock *ret_lock, Err **err);
void vdi_lock_clear(VdiLock *lock);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdiLock, vdi_lock_clear)

/* The same for an SR that is about to get a new image by `op` ("vdi_create", ...). `ret_lock->vdi`
 * stays empty. */
bool vdi_lock_take_sr(Call *call, SrRef sr, const char *op, VdiLock *ret_lock, Err **err);
