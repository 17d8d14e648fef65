/* VM.set_ha_restart_priority and set_ha_always_run.  What they say is planned with by the pool's
 * messages of high availability; nothing acts on it while that is off. */
#include "base/text.h"
#include "gen/db_pool.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/platform.h"
#include "ops/pool/ha_plan.h"
#include "ops/vm/vm_agile.h"

/* To be protected while high availability is on, a VM must be able to run anywhere. */
bool vm_set_ha_restart_priority(Call *call, const VmSetHaRestartPriorityArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    if (!ha_plan_is_priority(args->value)) {
        return err_invalid_value(err, "ha_restart_priority", args->value);
    }
    if (db_pool_ha_enabled(view, platform_pool(call_platform(call))) &&
        text_equal(args->value, HA_PLAN_PROTECTED) && !vm_agile_check(view, args->self, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_ha_restart_priority(txn, args->self, args->value);
    return db_commit(txn, err);
}

bool vm_set_ha_always_run(Call *call, const VmSetHaAlwaysRunArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_vm_set_ha_always_run(txn, args->self, args->value);
    return db_commit(txn, err);
}
