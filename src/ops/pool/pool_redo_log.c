/* A second copy of the database's changes, on storage that the hosts reach before their daemons
 * run.  An SR has to allow that; no driver here does. */
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "gen/ops_pool.h"
#include "ops/sr/sr_shared_state.h"

bool pool_enable_redo_log(Call *call, const PoolEnableRedoLogArgs *args, Err **err)
{
    g_autoptr(Err) reason = NULL;
    if (!sr_shared_state_check(call_view(call), args->sr, &reason)) {
        g_autofree char *text = err_to_string(reason);
        return err_cannot_enable_redo_log(err, text);
    }
    return err_not_implemented(err, call->method->name);
}

/* To switch off what is off is no mistake. */
bool pool_disable_redo_log(Call *call, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_pool_set_redo_log_enabled(txn, platform_pool(call_platform(call)), false);
    return db_commit(txn, err);
}
