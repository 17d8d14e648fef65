/* The memory setters: each single one is a range with the other ends as they are. */
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_check.h"
#include "ops/vm/vm_state.h"

static bool write_memory(Call *call, VmRef vm, const VmMemory *memory, Err **err);
static bool set_dynamic(Call *call, VmRef vm, int64_t min, int64_t max, Err **err);
static bool set_static(Call *call, VmRef vm, int64_t min, int64_t max, Err **err);

bool vm_set_memory_dynamic_max(Call *call, const VmSetMemoryDynamicMaxArgs *args, Err **err)
{
    return set_dynamic(call, args->self, db_vm_memory_dynamic_min(call_view(call), args->self),
                       args->value, err);
}

bool vm_set_memory_dynamic_min(Call *call, const VmSetMemoryDynamicMinArgs *args, Err **err)
{
    return set_dynamic(call, args->self, args->value,
                       db_vm_memory_dynamic_max(call_view(call), args->self), err);
}

bool vm_set_memory_dynamic_range(Call *call, const VmSetMemoryDynamicRangeArgs *args, Err **err)
{
    return set_dynamic(call, args->self, args->min, args->max, err);
}

bool vm_set_memory_static_max(Call *call, const VmSetMemoryStaticMaxArgs *args, Err **err)
{
    return set_static(call, args->self, db_vm_memory_static_min(call_view(call), args->self),
                      args->value, err);
}

bool vm_set_memory_static_min(Call *call, const VmSetMemoryStaticMinArgs *args, Err **err)
{
    return set_static(call, args->self, args->value,
                      db_vm_memory_static_max(call_view(call), args->self), err);
}

bool vm_set_memory_static_range(Call *call, const VmSetMemoryStaticRangeArgs *args, Err **err)
{
    return set_static(call, args->self, args->min, args->max, err);
}

bool vm_set_memory_limits(Call *call, const VmSetMemoryLimitsArgs *args, Err **err)
{
    const VmMemory memory = {.static_min = args->static_min,
                             .static_max = args->static_max,
                             .dynamic_min = args->dynamic_min,
                             .dynamic_max = args->dynamic_max};
    return write_memory(call, args->self, &memory, err);
}

bool vm_set_memory(Call *call, const VmSetMemoryArgs *args, Err **err)
{
    VmMemory memory = vm_check_memory_of(call_view(call), args->self);
    memory.static_max = memory.dynamic_max = memory.dynamic_min = args->value;
    return write_memory(call, args->self, &memory, err);
}

bool vm_set_memory_target_live(Call *call, const VmSetMemoryTargetLiveArgs *args, Err **err)
{
    return set_dynamic(call, args->self, args->target, args->target, err);
}

/* A running guest is asked to take or give memory at once. */
static bool set_dynamic(Call *call, VmRef vm, int64_t min, int64_t max, Err **err)
{
    Platform *platform = call_platform(call);
    VmMemory memory = vm_check_memory_of(call_view(call), vm);
    memory.dynamic_min = min;
    memory.dynamic_max = max;
    if (!vm_check_memory(&memory, err)) {
        return false;
    }
    bool running = vm_state_is_up(call_view(call), vm);
    if (running &&
        !platform_hv_driver(platform)->domain_set_memory(
            platform_hv(platform), call->op, vm_domain_uuid(call_view(call), vm), max, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_memory_dynamic_min(txn, vm, min);
    db_vm_set_memory_dynamic_max(txn, vm, max);
    if (running) {
        db_vm_set_memory_target(txn, vm, max);
    }
    return db_commit(txn, err);
}

static bool set_static(Call *call, VmRef vm, int64_t min, int64_t max, Err **err)
{
    VmMemory memory = vm_check_memory_of(call_view(call), vm);
    memory.static_min = min;
    memory.static_max = max;
    return write_memory(call, vm, &memory, err);
}

static bool write_memory(Call *call, VmRef vm, const VmMemory *memory, Err **err)
{
    if (!vm_check_memory(memory, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_memory_static_min(txn, vm, memory->static_min);
    db_vm_set_memory_static_max(txn, vm, memory->static_max);
    db_vm_set_memory_dynamic_min(txn, vm, memory->dynamic_min);
    db_vm_set_memory_dynamic_max(txn, vm, memory->dynamic_max);
    return db_commit(txn, err);
}
