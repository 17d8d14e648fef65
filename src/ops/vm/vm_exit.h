/* What becomes of a VM whose guest stopped by itself: actions_after_shutdown, _reboot, _crash. */
#pragma once

#include "ops/platform.h"

typedef struct VmExit {
    Uuid domain;
    uint64_t ticket; /* which start */
    HvExitReason reason;
} VmExit;

/* Runs on an operation thread; failures are logged. */
void vm_exit_handle(Platform *platform, const VmExit *exit);
