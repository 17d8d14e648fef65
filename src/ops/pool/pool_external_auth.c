/* The directory that knows the users beside those of this host.  The host's row keeps which one it
 * is; sessions follow it. */
#include "ops/pool/pool_external_auth.h"

#include "core/core.h"
#include "gen/db_host.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "gen/ops_pool.h"
#include "ops/host/host_here.h"

static bool enable(Call *call, HostRef host, const char *type, const char *service, Err **err);
static bool disable(Call *call, HostRef host, Err **err);

void external_auth_startup(Platform *platform, Core *core)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    const char *type =
        db_host_external_auth_type(db_snapshot_view(snapshot), platform_host(platform));
    sessions_set_directory(core_sessions(core), directory_of_type(type));
}

bool pool_enable_external_auth(Call *call, const PoolEnableExternalAuthArgs *args, Err **err)
{
    HostRef host = platform_host(call_platform(call));
    if (*db_host_external_auth_type(call_view(call), host)) {
        return err_pool_auth_already_enabled(err, REF_TEXT(host.id));
    }
    return enable(call, host, args->auth_type, args->service_name, err);
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
                 : enable(call, args->host, args->auth_type, args->service_name, err);
}

bool pool_disable_external_auth(Call *call, const PoolDisableExternalAuthArgs *args, Err **err)
{
    (void)args;
    return disable(call, platform_host(call_platform(call)), err);
}

bool host_disable_external_auth(Call *call, const HostDisableExternalAuthArgs *args, Err **err)
{
    return host_here_check(call, args->host, err) && disable(call, args->host, err);
}

/* The configuration that was given is not kept: it may hold a password, and nothing needs it. */
static bool enable(Call *call, HostRef host, const char *type, const char *service, Err **err)
{
    const Directory *directory = directory_of_type(type);
    if (!directory) {
        return err_auth_unknown_type(err, type);
    }
    DbTxn *txn = db_begin(call->db);
    db_host_set_external_auth_type(txn, host, directory->type);
    db_host_set_external_auth_service_name(txn, host, service);
    if (!db_commit(txn, err)) {
        return false;
    }
    sessions_set_directory(core_sessions(call->core), directory);
    return true;
}

/* Also when there is none: a second try must come to the same end. */
static bool disable(Call *call, HostRef host, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_host_set_external_auth_type(txn, host, "");
    db_host_set_external_auth_service_name(txn, host, "");
    if (!db_commit(txn, err)) {
        return false;
    }
    sessions_set_directory(core_sessions(call->core), NULL);
    return true;
}
