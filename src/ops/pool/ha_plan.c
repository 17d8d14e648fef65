/* A VM takes as much as it can be ballooned down to, and what the engine needs for it. */
#include "ops/pool/ha_plan.h"

#include "base/text.h"
#include "gen/db_pool.h"
#include "gen/db_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_agile.h"

static bool needs_no_place(const DbView *view, VmRef vm);
static void write_alert(DbTxn *txn, PoolRef pool, const char *name, const char *body);
static void write_overcommitted(DbTxn *txn, PoolRef pool, int64_t max_failures);

bool ha_plan_is_priority(const char *text)
{
    return !*text || text_equal(text, HA_PLAN_PROTECTED) || text_equal(text, "best-effort");
}

bool ha_plan_init(Call *call, HaPlan *ret_plan, Err **err)
{
    Platform *platform = call_platform(call);
    HvHostInfo info;
    if (!platform_hv_driver(platform)->host_info(platform_hv(platform), &info, err)) {
        return false;
    }
    *ret_plan = (HaPlan){.hosts = 1, .free_memory = (int64_t)info.memory_free};
    return true;
}

GArray *ha_plan_protected(const DbView *view)
{
    GArray *vms = db_vm_all(view);
    for (guint i = vms->len; i > 0; i--) {
        VmRef vm = g_array_index(vms, VmRef, i - 1);
        if (!db_vm_ha_always_run(view, vm) ||
            !text_equal(db_vm_ha_restart_priority(view, vm), HA_PLAN_PROTECTED)) {
            g_array_remove_index_fast(vms, i - 1);
        }
    }
    return vms;
}

bool ha_plan_exists(const HaPlan *plan, const DbView *view, const GArray *vms, int64_t failures)
{
    HaPlan rest = *plan;
    if (failures > plan->hosts || (failures == plan->hosts && vms->len > 0)) {
        return false;
    }
    for (guint i = 0; i < vms->len; i++) {
        VmRef vm = g_array_index(vms, VmRef, i);
        if (!vm_agile_check(view, vm, NULL) ||
            (!needs_no_place(view, vm) && !ha_plan_place(&rest, view, vm))) {
            return false;
        }
    }
    return true;
}

int64_t ha_plan_max_failures(const HaPlan *plan, const DbView *view, const GArray *vms)
{
    int64_t failures = plan->hosts;
    while (failures > 0 && !ha_plan_exists(plan, view, vms, failures)) {
        failures--;
    }
    return failures;
}

bool ha_plan_place(HaPlan *plan, const DbView *view, VmRef vm)
{
    int64_t size = db_vm_memory_dynamic_min(view, vm) + db_vm_memory_overhead(view, vm);
    if (size > plan->free_memory) {
        return false;
    }
    plan->free_memory -= size;
    return true;
}

bool ha_plan_update_pool(Call *call, Err **err)
{
    PoolRef pool = platform_pool(call_platform(call));
    HaPlan plan;
    if (!ha_plan_init(call, &plan, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vms = ha_plan_protected(view);
    int64_t wanted = db_pool_ha_host_failures_to_tolerate(view, pool);
    if (ha_plan_exists(&plan, view, vms, wanted)) {
        db_pool_set_ha_overcommitted(txn, pool, false);
        db_pool_set_ha_plan_exists_for(txn, pool, wanted);
    } else {
        write_overcommitted(txn, pool, ha_plan_max_failures(&plan, view, vms));
    }
    return db_commit(txn, err);
}

static bool needs_no_place(const DbView *view, VmRef vm)
{
    VmPowerState state = db_vm_power_state(view, vm);
    return state == VM_POWER_STATE_RUNNING || state == VM_POWER_STATE_PAUSED;
}

static void write_overcommitted(DbTxn *txn, PoolRef pool, int64_t max_failures)
{
    const DbView *view = db_txn_view(txn);
    int64_t planned = db_pool_ha_plan_exists_for(view, pool);
    int64_t wanted = db_pool_ha_host_failures_to_tolerate(view, pool);
    db_pool_set_ha_plan_exists_for(txn, pool, MIN(wanted, max_failures));
    if (max_failures < planned) {
        g_autofree char *body = g_strdup_printf("%" G_GINT64_FORMAT, max_failures);
        write_alert(txn, pool, "HA_POOL_DROP_IN_PLAN_EXISTS_FOR", body);
    }
    if (!db_pool_ha_overcommitted(view, pool)) {
        g_autofree char *body =
            g_strdup_printf("Pool '%s' cannot restart its protected VMs after as many failures of "
                            "hosts as it should",
                            db_pool_name_label(view, pool));
        write_alert(txn, pool, "HA_POOL_OVERCOMMITTED", body);
        db_pool_set_ha_overcommitted(txn, pool, true);
    }
}

static void write_alert(DbTxn *txn, PoolRef pool, const char *name, const char *body)
{
    const Alert alert = {.name = name,
                         .priority = ALERT_WARNING,
                         .cls = CLS_POOL,
                         .obj_uuid = db_pool_uuid(db_txn_view(txn), pool),
                         .body = body};
    alert_write(txn, &alert);
}
