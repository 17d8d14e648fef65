/* A VM made after another one: clone, copy, snapshot and checkpoint differ in how its disks are
 * made, whether it has a memory, and in a few fields. */
#pragma once

#include "ops/vm/vm_copy.h"

/* Copies the disks and writes the VM, halted. Disks that were made are destroyed again on failure.
 */
bool vm_duplicate(Call *call, const VmCopySpec *spec, const char *new_name, VmRef *ret_vm,
                  Err **err);

/* Writes the VM, with all its devices, after its disks. With a memory image (which becomes its own)
 * it is suspended, else halted. */
bool vm_duplicate_write(Call *call, const VmCopySpec *spec, const char *new_name,
                        const VmDiskCopies *disks, VdiRef memory, VmRef *ret_vm, Err **err);
