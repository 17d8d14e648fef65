/* Questions about this host, and messages that ask it to bring something up to date that cannot be
 * out of date on a host of its own. */
#include "gen/db_host.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

/* Every name a client may call, without the Async ones. */
bool host_list_methods(Call *call, Value **ret_result, Err **err)
{
    (void)call;
    (void)err;
    Value *names = value_new_array(method_count);
    for (size_t i = 0; i < method_count; i++) {
        if (!(method_table[i].flags & (METHOD_REMOVED | METHOD_HIDDEN))) {
            value_array_add(names, value_new_string(method_table[i].name));
        }
    }
    *ret_result = names;
    return true;
}

bool host_compute_free_memory(Call *call, const HostComputeFreeMemoryArgs *args,
                              int64_t *ret_result, Err **err)
{
    Platform *platform = call_platform(call);
    HvHostInfo info;
    if (!host_here_check(call, args->host, err) ||
        !platform_hv_driver(platform)->host_info(platform_hv(platform), &info, err)) {
        return false;
    }
    *ret_result = info.memory_free;
    return true;
}

bool host_compute_memory_overhead(Call *call, const HostComputeMemoryOverheadArgs *args,
                                  int64_t *ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    *ret_result = db_host_memory_overhead(call_view(call), args->host);
    return true;
}

/* An emergency is to have lost the coordinator; this host is its own. */
bool host_is_in_emergency_mode(Call *call, bool *ret_result, Err **err)
{
    (void)call;
    (void)err;
    *ret_result = false;
    return true;
}

/* The coordinator's files are this host's own. */
bool host_sync_data(Call *call, const HostSyncDataArgs *args, Err **err)
{
    return host_here_check(call, args->host, err);
}

/* software_version is written at every start, and packs come with a new start. */
bool host_refresh_pack_info(Call *call, const HostRefreshPackInfoArgs *args, Err **err)
{
    return host_here_check(call, args->host, err);
}
