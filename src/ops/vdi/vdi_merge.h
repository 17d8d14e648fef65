/* Merging: images whose parent nobody else stands on any more take over its data, so that chains
 * get no longer than the snapshots that exist.  It happens in the background, one image of an SR at
 * a time, to disks that nobody uses or that one VM has open and writes to, and gives way at once to
 * whoever wants one of them. */
#pragma once

#include "core/call.h"
#include "gen/types.h"

struct Platform;
typedef struct VdiMerger VdiMerger;

VdiMerger *vdi_merger_new(struct Platform *platform);
void vdi_merger_free(VdiMerger *merger); /* when no operation thread runs any more */

/* Looks through an SR, soon, for what can be merged. For SRs that are not attached it does nothing.
 */
void vdi_merge_request(VdiMerger *merger, SrRef sr);
/* The same for every SR that a disk of the VM is in. */
void vdi_merge_request_vm(VdiMerger *merger, const DbView *view, VmRef vm);

/* Returns when no merge of the disk, or of what it stands on, runs. The caller has written down
 * before, in current_operations of the VDI, of a VBD of it or of the VM, that it uses the disk: no
 * new one begins. */
bool vdi_merge_stop(Call *call, VdiRef vdi, Err **err);
/* The same for all disks of a VM. */
bool vdi_merge_stop_vm(Call *call, VmRef vm, Err **err);
/* Returns when nothing of the SR is merged or looked through. */
bool vdi_merge_stop_sr(VdiMerger *merger, Op *op, SrRef sr, Err **err);
