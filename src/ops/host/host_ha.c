/* High availability as one host sees it. */
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/platform.h"

bool host_emergency_ha_disable(Call *call, const HostEmergencyHaDisableArgs *args, Err **err)
{
    (void)args;
    if (!db_pool_ha_enabled(call_view(call), platform_pool(call_platform(call)))) {
        return err_ha_not_enabled(err);
    }
    return err_not_implemented(err, call->method->name);
}

/* Whoever gets an answer knows what was asked. */
bool host_ha_xapi_healthcheck(Call *call, bool *ret_result, Err **err)
{
    (void)call;
    (void)err;
    *ret_result = true;
    return true;
}
