/* A VM made after another one: clone, copy and snapshot differ in how its disks are made and in a
 * few fields. */
#pragma once

#include "ops/vm/vm_copy.h"

/* `sr` is where the disks of a full copy go; null: each where its source is. Disks that were made
 * are destroyed again on failure. */
bool vm_duplicate(Call *call, VmRef source, VmCopyKind kind, const char *new_name, SrRef sr,
                  VmRef *ret_vm, Err **err);
