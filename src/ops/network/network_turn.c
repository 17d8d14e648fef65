/* The platform's turn, in the name of a call. */
#include "ops/network/network_turn.h"

static void give(void *user);

bool network_turn_keep(Call *call, Err **err)
{
    Turn *turn = platform_network_turn(call_platform(call));
    if (!turn_take(turn, call->op, call, err)) {
        return false;
    }
    arena_own(call->arena, turn, give);
    return true;
}

bool network_turn_take(Call *call, TurnGuard *guard, Err **err)
{
    Turn *turn = platform_network_turn(call_platform(call));
    if (!turn_take(turn, call->op, call, err)) {
        return false;
    }
    *guard = turn;
    return true;
}

static void give(void *user)
{
    turn_give(user);
}
