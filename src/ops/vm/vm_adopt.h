/* After a start of the daemon: what runs is what counts. */
#pragma once

#include "ops/platform.h"

/* Watches the domains that still run, ends those nobody can account for, and corrects the power
 * states. For core_run_internal(); `user` is the Platform. */
bool vm_adopt(Call *call, void *user, Err **err);
