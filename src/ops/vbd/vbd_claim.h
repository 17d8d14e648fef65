/* Who may open a disk.  A VM that is about to open its disks claims their VBDs first: until the
 * claim ends no operation on the disks begins, and none that matters is under way. */
#pragma once

#include "core/call.h"
#include "gen/types.h"

typedef struct VbdClaim {
    Call *call; /* NULL: nothing is claimed */
    VmRef vm;
} VbdClaim;

/* Takes operation "attach" on every VBD of the VM that has a medium, all or none; see
 * vbd_claim_check() for the errors. */
bool vbd_claim_take(Call *call, VmRef vm, VbdClaim *ret_claim, Err **err);
void vbd_claim_clear(VbdClaim *claim);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VbdClaim, vbd_claim_clear)

/* The same for a VBD that has its operation ("plug") from the call's method. */
bool vbd_claim_plugged(Call *call, VbdRef vbd, const char *op, Err **err);

/* Whether the disk of `vbd` may be opened for it. VDI_IN_USE [vdi, op] when another VBD has it open
 * or claimed, one of both writes, and the disk is not made to be shared;
 * OTHER_OPERATION_IN_PROGRESS when the disk is being changed, or copied while `vbd` would write. */
bool vbd_claim_check(const DbView *view, VbdRef vbd, const char *op, Err **err);
