/* Moving a disk to another SR, whether or not a VM writes to it meanwhile.  The moved disk is a new
 * VDI; whatever had the old one has the new one afterwards, and the old one is destroyed. */
#pragma once

#include "ops/platform.h"

/* Whether it could be: SR_DOES_NOT_SUPPORT_MIGRATION, VM_HAS_CHECKPOINT, VM_HAS_TOO_MANY_SNAPSHOTS
 * for a disk with snapshots (they share data with it where it is), VDI_IN_USE for one that several
 * VMs that are up have, or one that only reads it. */
bool vdi_move_check(Call *call, VdiRef vdi, SrRef sr, Err **err);

/* Moves it, which vdi_move_check() has allowed; the task's progress goes from `begin` to `end`. The
 * call has the operation "mirror" on the disk, or takes it, and one on the VM that has it open.
 * Nothing happens when it is there already. MIRROR_FAILED [vdi]. */
bool vdi_move(Call *call, VdiRef vdi, SrRef sr, double begin, double end, VdiRef *ret_vdi,
              Err **err);

/* The VM that the move of a disk concerns: the one that is up with it, else any that has it; null
 * when none has. */
VmRef vdi_move_vm(const DbView *view, VdiRef vdi);

/* After a restart, before the guest is let run and again when it runs: brings the disks of the
 * domain to where the database has them. */
bool vdi_move_settle(Call *call, VmRef vm, Err **err);
