/* Who has the turn of a VM is known by the call's task. */
#include "ops/vm/vm_turn.h"

#include "base/lock.h"
#include "ops/platform.h"

struct VmTurns {
    Lock lock;
    GCond freed;
    GHashTable *owners; /* Uuid * of the VM -> Uuid * of the task (owned) */
};

VmTurns *vm_turns_new(void)
{
    VmTurns *turns = g_new0(VmTurns, 1);
    lock_init(&turns->lock, LOCK_VM_WATCH);
    g_cond_init(&turns->freed);
    turns->owners = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, g_free, g_free);
    return turns;
}

void vm_turns_free(VmTurns *turns)
{
    if (!turns) {
        return;
    }
    g_hash_table_unref(turns->owners);
    g_cond_clear(&turns->freed);
    lock_clear(&turns->lock);
    g_free(turns);
}

bool vm_turn_take(Call *call, VmRef vm, VmTurn *ret_turn, Err **err)
{
    VmTurns *turns = platform_vm_turns(call_platform(call));
    LOCK_GUARD(&turns->lock);
    for (;;) {
        const Uuid *owner = g_hash_table_lookup(turns->owners, &vm.id);
        if (!owner) {
            g_hash_table_insert(turns->owners, g_memdup2(&vm.id, sizeof vm.id),
                                g_memdup2(&call->task, sizeof call->task));
            *ret_turn = (VmTurn){turns, vm};
            return true;
        }
        if (uuid_equal(*owner, call->task)) {
            *ret_turn = (VmTurn){0};
            return true;
        }
        if (!op_wait(call->op, &turns->freed, &turns->lock.mutex, err)) {
            return false;
        }
    }
}

void vm_turn_clear(VmTurn *turn)
{
    if (turn->turns) {
        LOCK_GUARD(&turn->turns->lock);
        g_hash_table_remove(turn->turns->owners, &turn->vm.id);
        g_cond_broadcast(&turn->turns->freed);
    }
    *turn = (VmTurn){0};
}
