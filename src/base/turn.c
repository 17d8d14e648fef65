/* A flag with a condition; see turn.h. */
#include "base/turn.h"

#include <assert.h>

void turn_init(Turn *turn, LockRank rank)
{
    *turn = (Turn){0};
    lock_init(&turn->lock, rank);
    g_cond_init(&turn->given);
}

void turn_clear(Turn *turn)
{
    g_cond_clear(&turn->given);
    lock_clear(&turn->lock);
}

bool turn_take(Turn *turn, Op *op, const void *who, Err **err)
{
    LOCK_GUARD(&turn->lock);
    while (turn->holder && turn->holder != who) {
        if (!op_wait(op, &turn->given, &turn->lock.mutex, err)) {
            return false;
        }
    }
    turn->holder = who;
    turn->depth++;
    return true;
}

void turn_give(Turn *turn)
{
    LOCK_GUARD(&turn->lock);
    assert(turn->depth > 0);
    if (--turn->depth == 0) {
        turn->holder = NULL;
        g_cond_broadcast(&turn->given);
    }
}
