/* The disk that holds a VM's memory while it is suspended, or for a checkpoint. */
#pragma once

#include "ops/platform.h"
#include "ops/undo.h"
#include "ops/vdi/vdi_disk.h"

/* Makes one of the size that the running domain's memory needs, where the VM, the pool or the host
 * wants it: VM_NO_SUSPEND_SR. `undo` destroys it again. */
bool vm_image_create(Call *call, VmRef vm, Undo *undo, VdiRef *ret_image, Err **err);

/* Another one with the memory of the suspended VM. */
bool vm_image_copy(Call *call, VmRef vm, VdiCopyKind kind, Undo *undo, VdiRef *ret_image,
                   Err **err);

/* Writes the memory of the VM's domain into it and leaves the domain paused, whether or not that
 * went well. */
bool vm_image_save(Call *call, VmRef vm, VdiRef image, Err **err);

/* What a suspended VM is resumed from (arena). */
bool vm_image_open(Call *call, VmRef vm, const HvImage **ret_saved, Err **err);

/* Destroys the suspend image of the VM, if there is one. */
bool vm_image_drop(Call *call, VmRef vm, Err **err);
