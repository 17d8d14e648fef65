/* Whether a VM could run on any host of the pool. */
#pragma once

#include "ops/platform.h"

/* Fails with what ties the VM to some hosts: VM_HAS_VGPU, VM_HAS_VUSBS,
 * HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED or HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED. */
bool vm_agile_check(const DbView *view, VmRef vm, Err **err);
