/* What a VM costs beyond its own memory, and how the target of its balloon is waited for. */
#include "base/text.h"
#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_check.h"
#include "ops/vm/vm_turn.h"

#define MIB ((int64_t)1 << 20)
/* As in XenServer: how long a guest has to reach its target, and how near counts as there. */
#define TARGET_TIMEOUT   (256 * USEC_PER_SEC)
#define TARGET_TOLERANCE MIB
/* Engines do not tell of every page that a guest gives away. */
#define TARGET_PACE (250 * USEC_PER_MSEC)

static bool read_overhead(Call *call, int64_t *ret_bytes, Err **err);

bool vm_compute_memory_overhead(Call *call, const VmComputeMemoryOverheadArgs *args,
                                int64_t *ret_result, Err **err)
{
    (void)args;
    return read_overhead(call, ret_result, err);
}

/* The overhead does not hang on the number of processors: the approximate answer is the exact one.
 */
bool vm_maximise_memory(Call *call, const VmMaximiseMemoryArgs *args, int64_t *ret_result,
                        Err **err)
{
    int64_t overhead;
    if (!read_overhead(call, &overhead, err)) {
        return false;
    }
    *ret_result = args->total > overhead ? (args->total - overhead) / MIB * MIB : 0;
    return true;
}

bool vm_get_cooperative(Call *call, const VmGetCooperativeArgs *args, bool *ret_result, Err **err)
{
    (void)call;
    (void)args;
    (void)err;
    *ret_result = true; /* as every guest of 6.2 */
    return true;
}

bool vm_wait_memory_target_live(Call *call, const VmWaitMemoryTargetLiveArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    g_autoptr(Op) op = op_new_child(call->op, TARGET_TIMEOUT);
    const DbView *view = call_view(call);
    Uuid domain = vm_domain_uuid(view, args->self);
    int64_t target = db_vm_memory_target(view, args->self);
    for (;;) {
        HvDomainInfo info;
        if (!platform_hv_driver(platform)->domain_info(platform_hv(platform), domain, &info, err)) {
            return false;
        }
        if (ABS((int64_t)info.memory_bytes - target) <= TARGET_TOLERANCE) {
            DbTxn *txn = db_begin(call->db);
            VmMetricsRef metrics = db_vm_metrics(db_txn_view(txn), args->self);
            db_vm_metrics_set_memory_actual(txn, metrics, (int64_t)info.memory_bytes);
            return db_commit(txn, err);
        }
        if (!op_sleep(op, TARGET_PACE, NULL)) {
            return op_check(call->op, err) && err_vm_memory_target_wait_timeout(err);
        }
    }
}

bool vm_set_shadow_multiplier_live(Call *call, const VmSetShadowMultiplierLiveArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *driver = platform_hv_driver(platform);
    g_autoptr(Value) multiplier = value_new_float(args->multiplier);
    g_auto(VmTurn) turn = {0};
    if (!vm_change_hvm_shadow_multiplier(call, args->self, multiplier, err)) {
        return false;
    }
    if (!(driver->caps & HV_CAP_SHADOW)) {
        return err_operation_not_allowed(err,
                                         "The engine has no shadow memory that could be changed");
    }
    if (!vm_turn_take(call, args->self, &turn, err) ||
        !driver->domain_set_shadow(platform_hv(platform), call->op,
                                   vm_domain_uuid(call_view(call), args->self), args->multiplier,
                                   err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_hvm_shadow_multiplier(txn, args->self, args->multiplier);
    return db_commit(txn, err);
}

static bool read_overhead(Call *call, int64_t *ret_bytes, Err **err)
{
    Platform *platform = call_platform(call);
    HvHostInfo info;
    if (!platform_hv_driver(platform)->host_info(platform_hv(platform), &info, err)) {
        return false;
    }
    *ret_bytes = (int64_t)info.domain_overhead_bytes;
    return true;
}
