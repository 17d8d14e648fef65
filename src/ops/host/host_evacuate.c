/* Evacuation: every VM that runs here would have to go to another host, and there is none. */
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

static const char NO_TARGET[] = "NO_HOSTS_AVAILABLE";

bool host_get_vms_which_prevent_evacuation(Call *call,
                                           const HostGetVmsWhichPreventEvacuationArgs *args,
                                           Value **ret_result, Err **err)
{
    if (!host_here_check(call, args->self, err)) {
        return false;
    }
    g_autoptr(GArray) guests = host_here_guests(call_view(call), args->self);
    Value *reasons = value_new_struct(guests->len);
    for (guint i = 0; i < guests->len; i++) {
        VmRef vm = g_array_index(guests, VmRef, i);
        Value *reason = value_new_array(2);
        value_array_add(reason, value_new_string(NO_TARGET));
        value_array_add(reason, value_new_string(REF_TEXT(vm.id)));
        value_struct_add(reasons, REF_TEXT(vm.id), reason);
    }
    *ret_result = reasons;
    return true;
}

/* The parameter is a list in one text: "CODE,param|CODE,param". */
bool host_assert_can_evacuate(Call *call, const HostAssertCanEvacuateArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    g_autoptr(GArray) guests = host_here_guests(call_view(call), args->host);
    g_autoptr(GString) errors = g_string_new(NULL);
    for (guint i = 0; i < guests->len; i++) {
        g_string_append_printf(errors, "%s%s,%s", i > 0 ? "|" : "", NO_TARGET,
                               REF_TEXT(g_array_index(guests, VmRef, i).id));
    }
    return errors->len == 0 || err_cannot_evacuate_host(err, errors->str);
}

bool host_evacuate(Call *call, const HostEvacuateArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    g_autoptr(GArray) guests = host_here_guests(call_view(call), args->host);
    return guests->len == 0 ||
           err_set(err, NO_TARGET, REF_TEXT(g_array_index(guests, VmRef, 0).id));
}

/* VMs that do not give memory back when asked; since 6.0 the answer is always that there are none.
 */
bool host_get_uncooperative_resident_vms(Call *call,
                                         const HostGetUncooperativeResidentVmsArgs *args,
                                         Value **ret_result, Err **err)
{
    if (!host_here_check(call, args->self, err)) {
        return false;
    }
    *ret_result = value_new_array(0);
    return true;
}
