/* Whether an SR can hold what the hosts of a pool share: the state file of high availability, a
 * redo log. */
#pragma once

#include "ops/platform.h"

/* SR_HAS_NO_PBDS when some host does not reach it, SR_OPERATION_NOT_SUPPORTED when its driver
 * cannot attach a disk before the daemon runs. */
bool sr_shared_state_check(const DbView *view, SrRef sr, Err **err);

/* Whether the SR's driver has one of these features (NULL-terminated), as SM.features has them. */
bool sr_shared_state_has_feature(const DbView *view, SrRef sr, const char *const *features);
