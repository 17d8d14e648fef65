/* Whether a VM could boot on this host now, by what its objects say. */
#pragma once

#include "ops/platform.h"

/* In HVM_boot_policy it stands for full virtualization, as in XenServer. */
#define VM_CHECK_BOOT_POLICY_HVM "BIOS order"

/* HVM, as 6.2 tells it: it has a boot policy. Else a direct kernel. */
bool vm_check_is_hvm(const DbView *view, VmRef vm);

/* The checks of VM.assert_can_boot_here, in their order; the first that fails names the error.
 * `force` leaves out the memory, and the processor of a guest that is to go on. */
bool vm_check_can_boot(Call *call, VmRef vm, bool force, Err **err);

/* static_min <= dynamic_min <= dynamic_max <= static_max, else MEMORY_CONSTRAINT_VIOLATION_ORDER.
 */
typedef struct VmMemory {
    int64_t static_min, dynamic_min, dynamic_max, static_max;
} VmMemory;
VmMemory vm_check_memory_of(const DbView *view, VmRef vm);
bool vm_check_memory(const VmMemory *memory, Err **err);
