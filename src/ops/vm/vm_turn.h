/* Turns: what changes the devices of a running VM, or needs them to stand still, is done by one
 * call at a time.  Such calls may be for different objects (two disks, a disk and a NIC), so that
 * no operation lock keeps them apart; they wait for each other, in no order. */
#pragma once

#include "core/call.h"
#include "gen/types.h"

typedef struct VmTurns VmTurns;

VmTurns *vm_turns_new(void);
void vm_turns_free(VmTurns *turns);

typedef struct VmTurn {
    VmTurns *turns; /* NULL: nothing to give back */
    VmRef vm;
} VmTurn;

/* For the length of a block. Success at once, with nothing to give back, when the call has the turn
 * already. */
bool vm_turn_take(Call *call, VmRef vm, VmTurn *ret_turn, Err **err);
void vm_turn_clear(VmTurn *turn);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmTurn, vm_turn_clear)
