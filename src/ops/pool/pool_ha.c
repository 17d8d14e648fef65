/* High availability of the pool, which is off. */
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "gen/ops.h"
#include "ops/platform.h"

bool pool_disable_ha(Call *call, Err **err)
{
    if (!db_pool_ha_enabled(call_view(call), platform_pool(call_platform(call)))) {
        return err_ha_not_enabled(err);
    }
    return err_not_implemented(err, call->method->name);
}
