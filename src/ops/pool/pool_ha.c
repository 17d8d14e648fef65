/* High availability of the pool.  It is off: what it needs, storage in which hosts meet before
 * their daemons run, no driver here provides; planning for it works all the same. */
#include "base/text.h"
#include "gen/db_pif.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_pool.h"
#include "ops/pool/ha_plan.h"
#include "ops/sr/sr_shared_state.h"
#include "ops/vm/vm_agile.h"

static bool is_enabled(Call *call);
static bool check_pifs(const DbView *view, Err **err);
static bool check_srs(Call *call, const Value *srs, Err **err);
static GArray *protected_by(const Value *configuration, const DbView *view, Err **err);
static Value *plan_for_vm(HaPlan *plan, const DbView *view, HostRef host, VmRef vm);

bool pool_enable_ha(Call *call, const PoolEnableHaArgs *args, Err **err)
{
    if (is_enabled(call)) {
        return err_ha_is_enabled(err);
    }
    return check_pifs(call_view(call), err) && check_srs(call, args->heartbeat_srs, err) &&
           err_not_implemented(err, call->method->name);
}

bool pool_disable_ha(Call *call, Err **err)
{
    return is_enabled(call) ? err_not_implemented(err, call->method->name)
                            : err_ha_not_enabled(err);
}

/* While it is off nothing is restarted, however long nothing should be. */
bool pool_ha_prevent_restarts_for(Call *call, const PoolHaPreventRestartsForArgs *args, Err **err)
{
    (void)args;
    return !is_enabled(call) || err_not_implemented(err, call->method->name);
}

bool pool_ha_failover_plan_exists(Call *call, const PoolHaFailoverPlanExistsArgs *args,
                                  bool *ret_result, Err **err)
{
    HaPlan plan;
    if (!ha_plan_init(call, &plan, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    g_autoptr(GArray) vms = ha_plan_protected(view);
    *ret_result = ha_plan_exists(&plan, view, vms, args->n);
    return true;
}

bool pool_ha_compute_max_host_failures_to_tolerate(Call *call, int64_t *ret_result, Err **err)
{
    HaPlan plan;
    if (!ha_plan_init(call, &plan, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    g_autoptr(GArray) vms = ha_plan_protected(view);
    *ret_result = ha_plan_max_failures(&plan, view, vms);
    return true;
}

bool pool_ha_compute_hypothetical_max_host_failures_to_tolerate(
    Call *call, const PoolHaComputeHypotheticalMaxHostFailuresToTolerateArgs *args,
    int64_t *ret_result, Err **err)
{
    HaPlan plan;
    const DbView *view = call_view(call);
    g_autoptr(GArray) vms = protected_by(args->configuration, view, err);
    if (!vms || !ha_plan_init(call, &plan, err)) {
        return false;
    }
    *ret_result = ha_plan_max_failures(&plan, view, vms);
    return true;
}

bool pool_ha_compute_vm_failover_plan(Call *call, const PoolHaComputeVmFailoverPlanArgs *args,
                                      Value **ret_result, Err **err)
{
    HaPlan plan;
    HostRef host = platform_host(call_platform(call));
    const DbView *view = call_view(call);
    if (!ha_plan_init(call, &plan, err)) {
        return false;
    }
    for (unsigned i = 0; i < value_count(args->failed_hosts); i++) {
        if (uuid_equal(value_uuid(value_at(args->failed_hosts, i)), host.id)) {
            plan = (HaPlan){0};
        }
    }
    g_autoptr(Value) fates = value_new_struct(value_count(args->failed_vms));
    for (unsigned i = 0; i < value_count(args->failed_vms); i++) {
        VmRef vm = {value_uuid(value_at(args->failed_vms, i))};
        if (!db_vm_exists(view, vm)) {
            return err_handle_invalid(err, "VM", REF_TEXT(vm.id));
        }
        value_struct_add(fates, REF_TEXT(vm.id), plan_for_vm(&plan, view, host, vm));
    }
    *ret_result = g_steal_pointer(&fates);
    return true;
}

bool pool_set_ha_host_failures_to_tolerate(Call *call,
                                           const PoolSetHaHostFailuresToTolerateArgs *args,
                                           Err **err)
{
    if (args->value < 0) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, args->value);
        return err_invalid_value(err, "ha_host_failures_to_tolerate", text);
    }
    DbTxn *txn = db_begin(call->db);
    db_pool_set_ha_host_failures_to_tolerate(txn, args->self, args->value);
    return db_commit(txn, err) && ha_plan_update_pool(call, err);
}

static bool is_enabled(Call *call)
{
    return db_pool_ha_enabled(call_view(call), platform_pool(call_platform(call)));
}

/* REQUIRED_PIF_IS_UNPLUGGED names every one. */
static bool check_pifs(const DbView *view, Err **err)
{
    g_autoptr(GArray) pifs = db_pif_all(view);
    g_autoptr(GPtrArray) unplugged = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        if (db_pif_disallow_unplug(view, pif) && !db_pif_currently_attached(view, pif)) {
            g_ptr_array_add(unplugged, g_strdup(REF_TEXT(pif.id)));
        }
    }
    if (unplugged->len == 0) {
        return true;
    }
    g_ptr_array_add(unplugged, NULL);
    return err_setv(err, __FILE__, __LINE__, "REQUIRED_PIF_IS_UNPLUGGED",
                    (const char *const *)unplugged->pdata);
}

/* Only the first SR is used, as in 6.2; without a list, any that will do. */
static bool check_srs(Call *call, const Value *srs, Err **err)
{
    const DbView *view = call_view(call);
    if (value_count(srs) > 0) {
        SrRef sr = {value_uuid(value_at(srs, 0))};
        return db_sr_exists(view, sr) ? sr_shared_state_check(view, sr, err)
                                      : err_handle_invalid(err, "SR", REF_TEXT(sr.id));
    }
    g_autoptr(GArray) all = db_sr_all(view);
    for (guint i = 0; i < all->len; i++) {
        if (sr_shared_state_check(view, g_array_index(all, SrRef, i), NULL)) {
            return true;
        }
    }
    return err_cannot_create_state_file(err);
}

/* The VMs that would be protected with these priorities. (owned) */
static GArray *protected_by(const Value *configuration, const DbView *view, Err **err)
{
    g_autoptr(GArray) vms = g_array_new(FALSE, FALSE, sizeof(VmRef));
    for (unsigned i = 0; i < value_count(configuration); i++) {
        const char *priority = value_string(value_at(configuration, i));
        VmRef vm = {{{0}}};
        bool is_protected = text_equal(priority, HA_PLAN_PROTECTED);
        if (!ha_plan_is_priority(priority)) {
            err_invalid_value(err, "ha_restart_priority", priority);
            return NULL;
        }
        if (!value_ref_parse(value_name_at(configuration, i), &vm.id) || !db_vm_exists(view, vm)) {
            err_handle_invalid(err, "VM", value_name_at(configuration, i));
            return NULL;
        }
        if (is_protected) {
            g_array_append_val(vms, vm);
        }
    }
    return g_steal_pointer(&vms);
}

/* {host: where it would go} or {error_code: why nowhere}. (owned) */
static Value *plan_for_vm(HaPlan *plan, const DbView *view, HostRef host, VmRef vm)
{
    g_autoptr(Err) error = NULL;
    Value *fate = value_new_struct(1);
    if (!vm_agile_check(view, vm, &error)) {
        value_struct_add_static(fate, "error_code", value_new_string(error->code));
    } else if (plan->hosts > 0 && ha_plan_place(plan, view, vm)) {
        value_struct_add_static(fate, "host", value_new_string(REF_TEXT(host.id)));
    } else {
        value_struct_add_static(fate, "error_code",
                                value_new_string("HOST_NOT_ENOUGH_FREE_MEMORY"));
    }
    return fate;
}
