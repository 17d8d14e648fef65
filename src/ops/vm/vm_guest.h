/* What guests say: their agents, into VM_guest_metrics, and their words for the host. */
#pragma once

#include "ops/vm/vm_watch.h"

/* Of names and values in turn, NULL-terminated; NULL is an empty one. (owned) */
Value *vm_guest_map(const char *const *pairs);

/* Asks the agent and writes what changed. A guest without agent has no metrics. */
void vm_guest_refresh(Platform *platform, const VmLook *look);
