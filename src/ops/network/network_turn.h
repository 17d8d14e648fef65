/* Changes of this host's networks are made by one call at a time: what the database says is read,
 * the driver follows it, and nobody else does the same in between. */
#pragma once

#include "base/turn.h"
#include "ops/platform.h"

/* Takes the turn until the call ends; a call that has it takes it again at once.  For short calls,
 * and those whose change is written after they have seen to it. */
bool network_turn_keep(Call *call, Err **err);

/* Takes it until the block ends. `guard` is NULL before. */
bool network_turn_take(Call *call, TurnGuard *guard, Err **err);
