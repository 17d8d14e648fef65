/* VM_appliance.start, clean_shutdown, hard_shutdown and shutdown: groups of VMs with the same order
 * one after the other, the VMs of a group side by side.
 *
 * Each VM gets the message that a client would send, in the client's own session: with its task,
 * its operation lock, its delay and its alert. */
#include "base/lock.h"
#include "core/dispatch.h"
#include "gen/db_vm.h"
#include "gen/db_vm_appliance.h"
#include "gen/errors.h"
#include "gen/ops_vm_appliance.h"

/* What is done to every VM that is not there yet. */
typedef struct Action {
    const char *name;   /* of the message to the appliance, as errors have it */
    const char *method; /* of the message to each VM */
    VmPowerState wanted;
    bool ascending; /* lowest order first */
} Action;

/* The VMs of one order, while something is done to them. */
typedef struct Group {
    Lock lock;
    GCond done;
    unsigned pending;
} Group;

static bool run(Call *call, VmApplianceRef appliance, const Action *action, Err **err);
static GArray *list_vms(const DbView *view, VmApplianceRef appliance, const Action *action);
static void run_group(Call *call, const Action *action, const VmRef *vms, unsigned count);
static void begin(Call *call, const Action *action, VmRef vm, Group *group);
static void end(void *user, const Value *result, const Err *error);
static bool check_all(Call *call, const Action *action, const GArray *vms, Err **err);

bool vm_appliance_start(Call *call, const VmApplianceStartArgs *args, Err **err)
{
    const Action action = {
        .name = "VM_appliance.start",
        .method = "VM.start",
        .wanted = args->paused ? VM_POWER_STATE_PAUSED : VM_POWER_STATE_RUNNING,
        .ascending = true,
    };
    return run(call, args->self, &action, err);
}

bool vm_appliance_clean_shutdown(Call *call, const VmApplianceCleanShutdownArgs *args, Err **err)
{
    static const Action action = {"VM_appliance.clean_shutdown", "VM.clean_shutdown",
                                  VM_POWER_STATE_HALTED, false};
    return run(call, args->self, &action, err);
}

bool vm_appliance_hard_shutdown(Call *call, const VmApplianceHardShutdownArgs *args, Err **err)
{
    static const Action action = {"VM_appliance.hard_shutdown", "VM.hard_shutdown",
                                  VM_POWER_STATE_HALTED, false};
    return run(call, args->self, &action, err);
}

bool vm_appliance_shutdown(Call *call, const VmApplianceShutdownArgs *args, Err **err)
{
    static const Action action = {"VM_appliance.shutdown", "VM.shutdown", VM_POWER_STATE_HALTED,
                                  false};
    return run(call, args->self, &action, err);
}

/* A VM that fails is no reason to leave the others alone. */
static bool run(Call *call, VmApplianceRef appliance, const Action *action, Err **err)
{
    const DbView *view = call_view(call);
    g_autoptr(GArray) vms = list_vms(view, appliance, action);
    for (guint first = 0, next; first < vms->len; first = next) {
        int64_t order = db_vm_order(view, g_array_index(vms, VmRef, first));
        next = first + 1;
        while (next < vms->len && db_vm_order(view, g_array_index(vms, VmRef, next)) == order) {
            next++;
        }
        if (!op_check(call->op, err)) {
            return false;
        }
        run_group(call, action, &g_array_index(vms, VmRef, first), next - first);
        call_progress(call, (double)next / vms->len);
    }
    return op_check(call->op, err) && check_all(call, action, vms, err);
}

static gint by_order(gconstpointer a, gconstpointer b, gpointer view)
{
    int64_t first = db_vm_order(view, *(const VmRef *)a);
    int64_t second = db_vm_order(view, *(const VmRef *)b);
    return (first > second) - (first < second);
}

static gint by_order_down(gconstpointer a, gconstpointer b, gpointer view)
{
    return by_order(b, a, view);
}

/* Those with something to do, in their order: array of VmRef. */
static GArray *list_vms(const DbView *view, VmApplianceRef appliance, const Action *action)
{
    g_autoptr(GArray) all = db_vm_appliance_vms_array(view, appliance);
    GArray *vms = g_array_new(FALSE, FALSE, sizeof(VmRef));
    for (guint i = 0; i < all->len; i++) {
        VmRef vm = g_array_index(all, VmRef, i);
        if (db_vm_power_state(view, vm) != action->wanted) {
            g_array_append_val(vms, vm);
        }
    }
    g_array_sort_with_data(vms, action->ascending ? by_order : by_order_down, (gpointer)view);
    return vms;
}

/* A cancel of the whole cancels its parts, so that they end, too. */
static void run_group(Call *call, const Action *action, const VmRef *vms, unsigned count)
{
    Group group = {.pending = count};
    lock_init(&group.lock, LOCK_CORE);
    g_cond_init(&group.done);
    for (unsigned i = 0; i < count; i++) {
        begin(call, action, vms[i], &group);
    }
    lock_acquire(&group.lock);
    while (group.pending > 0) {
        g_cond_wait(&group.done, &group.lock.mutex);
    }
    lock_release(&group.lock);
    g_cond_clear(&group.done);
    lock_clear(&group.lock);
}

/* One that cannot even begin is among those that failed in the end. */
static void begin(Call *call, const Action *action, VmRef vm, Group *group)
{
    const CoreCaller caller = {.peer = call->peer,
                               .originator = call->originator,
                               .peer_is_local_root = call->peer_is_local_root,
                               .op = call->op};
    g_autoptr(Value) params = value_new_array(4);
    value_array_add(params, value_new_ref(call->session));
    value_array_add(params, value_new_ref(vm.id));
    if (action->wanted != VM_POWER_STATE_HALTED) {
        value_array_add(params, value_new_bool(action->wanted == VM_POWER_STATE_PAUSED));
        value_array_add(params, value_new_bool(false)); /* force */
    }
    Dispatch *dispatch = dispatch_new(call->core, &caller, action->method, params, NULL);
    if (dispatch) {
        dispatch_run(dispatch, end, group);
    } else {
        end(group, NULL, NULL);
    }
}

/* The group is gone once its lock is free and nothing is pending. */
static void end(void *user, const Value *result, const Err *error)
{
    Group *group = user;
    (void)result;
    (void)error;
    LOCK_GUARD(&group->lock);
    group->pending--;
    g_cond_signal(&group->done);
}

static bool check_all(Call *call, const Action *action, const GArray *vms, Err **err)
{
    const DbView *view = call_view(call);
    g_autoptr(GPtrArray) params = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(params, g_strdup(action->name));
    for (guint i = 0; i < vms->len; i++) {
        VmRef vm = g_array_index(vms, VmRef, i);
        if (db_vm_power_state(view, vm) != action->wanted) {
            g_ptr_array_add(params, g_strdup(REF_TEXT(vm.id)));
        }
    }
    bool ok = params->len == 1;
    g_ptr_array_add(params, NULL);
    return ok || err_setv(err, __FILE__, __LINE__, "OPERATION_PARTIALLY_FAILED",
                          (const char *const *)params->pdata);
}
