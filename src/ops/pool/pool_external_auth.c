/* Joining the hosts to a directory that knows the users.  There is no kind of directory yet that
 * this product could join, so every kind is unknown and there is never one to leave. */
#include "gen/db_host.h"
#include "gen/errors.h"
#include "gen/ops.h"
#include "ops/host/host_here.h"

bool pool_enable_external_auth(Call *call, const PoolEnableExternalAuthArgs *args, Err **err)
{
    HostRef host = platform_host(call_platform(call));
    return *db_host_external_auth_type(call_view(call), host)
               ? err_pool_auth_already_enabled(err, REF_TEXT(host.id))
               : err_auth_unknown_type(err, args->auth_type);
}

bool host_enable_external_auth(Call *call, const HostEnableExternalAuthArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    const char *type = db_host_external_auth_type(view, args->host);
    return *type ? err_auth_already_enabled(err, type,
                                            db_host_external_auth_service_name(view, args->host))
                 : err_auth_unknown_type(err, args->auth_type);
}

bool pool_disable_external_auth(Call *call, const PoolDisableExternalAuthArgs *args, Err **err)
{
    (void)call;
    (void)args;
    (void)err;
    return true;
}

bool host_disable_external_auth(Call *call, const HostDisableExternalAuthArgs *args, Err **err)
{
    return host_here_check(call, args->host, err);
}
