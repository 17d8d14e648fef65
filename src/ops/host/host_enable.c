/* host.enable and disable: whether VMs may start here.  The choice outlives the daemon; nothing but
 * these messages changes it. */
#include "gen/db_host.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

static bool set_enabled(Call *call, HostRef host, bool enabled, Err **err)
{
    if (!host_here_check(call, host, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_host_set_enabled(txn, host, enabled);
    return db_commit(txn, err);
}

bool host_enable(Call *call, const HostEnableArgs *args, Err **err)
{
    return set_enabled(call, args->host, true, err);
}

/* A disabled host stays so whatever `auto_enable` says: it enables nothing by itself. */
bool host_disable(Call *call, const HostDisableArgs *args, Err **err)
{
    return set_enabled(call, args->host, false, err);
}
