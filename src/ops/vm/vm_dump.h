/* The memory of a guest that crashed, kept for those who want to know why. */
#pragma once

#include "ops/platform.h"

/* Of one VM. One that crashes again and again would fill its repository, and the first crashes tell
 * the most: when there are so many, no more are made until somebody destroys one. */
enum { VM_DUMP_MAX_KEPT = 4 };

/* Writes the memory of the VM's domain into a new VDI of type crashdump, where the pool or the host
 * wants it, and adds its crashdump object. VM_NO_CRASHDUMP_SR; SR_BACKEND_FAILURE_44 when it does
 * not fit. On failure nothing is left. */
bool vm_dump_take(Call *call, VmRef vm, Err **err);
