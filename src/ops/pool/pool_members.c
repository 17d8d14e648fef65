/* The pool of one host: it is its own coordinator, has no other members and nothing to tell them.
 */
#include "gen/ops.h"
#include "ops/host/host_here.h"

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
