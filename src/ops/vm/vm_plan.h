/* From the VM's objects to what the engine needs: the domain's configuration with its disks opened
 * and its NICs plugged into their bridges.  Everything planned lives in the call's arena. */
#pragma once

#include "ops/platform.h"
#include "ops/undo.h"

/* Fills `ret_config`. Taps that were made are undone by `undo`, and closed with the call either
 * way: the engine holds its own. */
bool vm_plan(Call *call, VmRef vm, Undo *undo, HvDomainConfig *ret_config, Err **err);

/* One device, for plugging. An empty CD drive has no images. */
bool vm_plan_disk(Call *call, const DbView *view, VbdRef vbd, HvDisk *ret_disk, Err **err);
bool vm_plan_nic(Call *call, const DbView *view, VifRef vif, Undo *undo, HvNic *ret_nic, Err **err);

/* Lets frames pass at the host's ends of NICs that the engine made itself; nothing to do for
 * others. After the engine has them, and before the guest runs for the first time. */
bool vm_plan_open_ports(Call *call, VmRef vm, Err **err);

/* The images of a VDI, leaf first (arena). */
bool vm_plan_images(Call *call, const DbView *view, VdiRef vdi, const HvImage **ret_images,
                    unsigned *ret_count, Err **err);
