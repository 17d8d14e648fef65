/* The pool of one host: it is its own coordinator, has no other members and nothing to tell them.
 */
#include "core/core.h"
#include "gen/db_host.h"
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "gen/ops_pool.h"
#include "ops/host/host_here.h"

static bool join(Call *call, const char *address, const char *user, const char *password,
                 Err **err);
static bool is_this_host(Call *call, const char *address);

bool pool_is_slave(Call *call, const PoolIsSlaveArgs *args, bool *ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    *ret_result = false;
    return true;
}

bool pool_recover_slaves(Call *call, Value **ret_result, Err **err)
{
    (void)call;
    (void)err;
    *ret_result = value_new_array(0);
    return true;
}

/* Nothing to do for the host that is the coordinator. */
bool pool_designate_new_master(Call *call, const PoolDesignateNewMasterArgs *args, Err **err)
{
    return host_here_check(call, args->host, err);
}

bool pool_emergency_transition_to_master(Call *call, Err **err)
{
    (void)call;
    (void)err;
    return true;
}

/* What was published before is durable when an empty transaction has been committed. */
bool pool_sync_database(Call *call, Err **err)
{
    return db_commit(db_begin(call->db), err);
}

/* Hosts cannot differ from one another when there is one. */
bool pool_detect_nonhomogeneous_external_auth(Call *call,
                                              const PoolDetectNonhomogeneousExternalAuthArgs *args,
                                              Err **err)
{
    (void)call;
    (void)args;
    (void)err;
    return true;
}

bool pool_join(Call *call, const PoolJoinArgs *args, Err **err)
{
    return join(call, args->master_address, args->master_username, args->master_password, err);
}

bool pool_join_force(Call *call, const PoolJoinForceArgs *args, Err **err)
{
    return join(call, args->master_address, args->master_username, args->master_password, err);
}

/* The only host is the coordinator, which cannot leave. */
bool pool_eject(Call *call, const PoolEjectArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    if (db_pool_ha_enabled(call_view(call), platform_pool(call_platform(call)))) {
        return err_ha_is_enabled(err);
    }
    return err_internal(err, "the coordinator cannot be ejected from its pool");
}

/* The user has to be known over there before anything is said about the two pools. */
static bool join(Call *call, const char *address, const char *user, const char *password, Err **err)
{
    Sessions *sessions = core_sessions(call->core);
    const SessionLogin login = {.user = user, .password = password, .originator = "pool.join"};
    Uuid session;
    if (db_pool_ha_enabled(call_view(call), platform_pool(call_platform(call)))) {
        return err_ha_is_enabled(err);
    }
    if (!is_this_host(call, address)) {
        return err_not_implemented(err, call->method->name);
    }
    if (!sessions_login(sessions, call->op, &login, &session, err)) {
        return false;
    }
    sessions_logout(sessions, session);
    return err_operation_not_allowed(err, "A host cannot become a member of its own pool");
}

static bool is_this_host(Call *call, const char *address)
{
    static const char *const loopback[] = {"localhost", "127.0.0.1", "::1", NULL};
    const DbView *view = call_view(call);
    HostRef host = platform_host(call_platform(call));
    return g_strv_contains(loopback, address) || !strcmp(address, db_host_address(view, host)) ||
           !strcmp(address, db_host_hostname(view, host));
}
