/* Messages about hosts that are off: power_on, destroy and declare_dead.  The host that answers is
 * alive, and it knows no other one. */
#include "gen/db_host.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"
#include "ops/secret/secret_map.h"

static bool refuse_live(Call *call, HostRef host, Err **err)
{
    return host_here_check(call, host, err) && err_host_is_live(err, REF_TEXT(host.id));
}

bool host_power_on(Call *call, const HostPowerOnArgs *args, Err **err)
{
    return refuse_live(call, args->host, err);
}

bool host_destroy(Call *call, const HostDestroyArgs *args, Err **err)
{
    return refuse_live(call, args->self, err);
}

bool host_declare_dead(Call *call, const HostDeclareDeadArgs *args, Err **err)
{
    return refuse_live(call, args->host, err);
}

bool host_set_power_on_mode(Call *call, const HostSetPowerOnModeArgs *args, Err **err)
{
    if (!host_here_check(call, args->self, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    secret_map_clean(txn, db_host_power_on_config(db_txn_view(txn), args->self),
                     args->power_on_config);
    db_host_set_power_on_mode(txn, args->self, args->power_on_mode);
    db_host_set_power_on_config(txn, args->self, value_ref((Value *)args->power_on_config));
    return db_commit(txn, err);
}
