/* What guests' agents say, into VM_guest_metrics. */
#pragma once

#include "ops/platform.h"

/* Asks the agent of `domain` and writes what changed. A guest without agent has no metrics. */
void vm_guest_refresh(Platform *platform, Uuid domain);
