/* Turns: for work that takes I/O and has to be done by one at a time.  A Lock may not be held while
 * its holder waits; a turn may, and who waits for it can be cancelled. */
#pragma once

#include "base/lock.h"
#include "base/op.h"

typedef struct Turn {
    Lock lock; /* of what follows */
    GCond given;
    const void *holder; /* NULL: nobody */
    unsigned depth;
} Turn;

void turn_init(Turn *turn, LockRank rank);
void turn_clear(Turn *turn);

/* Waits until nobody else has it. `who` names the taker and is never looked into: one that has the
 * turn takes it again at once, and gives it as often as it took it. */
bool turn_take(Turn *turn, Op *op, const void *who, Err **err);
void turn_give(Turn *turn);

/* A taken turn, given when the block ends: g_auto(TurnGuard) guard = NULL;
 * ... turn_take(...) ... guard = turn; */
typedef Turn *TurnGuard;
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(TurnGuard, turn_give, NULL)
