/* network.pool_introduce, attach_for_vm and detach_for_vm, which hosts of a pool use among
 * themselves. */
#include "gen/db_network.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_network.h"
#include "ops/host/host_here.h"
#include "ops/network/bridge.h"
#include "ops/network/network_turn.h"

static bool is_idle(const DbView *view, NetworkRef network);

bool network_pool_introduce(Call *call, const NetworkPoolIntroduceArgs *args,
                            NetworkRef *ret_result, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    NetworkRef network = db_network_create(txn);
    db_network_set_name_label(txn, network, args->name_label);
    db_network_set_name_description(txn, network, args->name_description);
    db_network_set_mtu(txn, network, args->mtu);
    db_network_set_other_config(txn, network, value_ref((Value *)args->other_config));
    db_network_set_bridge(txn, network, args->bridge);
    db_network_set_managed(txn, network, args->managed);
    db_network_set_purpose(txn, network, value_ref((Value *)args->purpose));
    *ret_result = network;
    return db_commit(txn, err);
}

bool network_attach_for_vm(Call *call, const NetworkAttachForVmArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    for (unsigned i = 0; i < db_vm_vifs_count(view, args->vm); i++) {
        NetworkRef network = db_vif_network(view, db_vm_vifs_at(view, args->vm, i));
        if (!bridge_ensure(call, view, network, args->vm, err)) {
            return false;
        }
    }
    return true;
}

/* Bridges of PIFs stay until they are unplugged; others go when nobody is on them. */
bool network_detach_for_vm(Call *call, const NetworkDetachForVmArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    if (!host_here_check(call, args->host, err) || !network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    for (unsigned i = 0; i < db_vm_vifs_count(view, args->vm); i++) {
        NetworkRef network = db_vif_network(view, db_vm_vifs_at(view, args->vm, i));
        if (is_idle(view, network) &&
            !platform_nw_driver(platform)->bridge_destroy(platform_nw(platform), call->op,
                                                          db_network_bridge(view, network), err)) {
            return false;
        }
    }
    return true;
}

static bool is_idle(const DbView *view, NetworkRef network)
{
    for (unsigned i = 0; i < db_network_vifs_count(view, network); i++) {
        if (db_vif_currently_attached(view, db_network_vifs_at(view, network, i))) {
            return false;
        }
    }
    return db_network_exists(view, network) && db_network_managed(view, network) &&
           db_network_pifs_count(view, network) == 0 &&
           !db_network_other_config_get(view, network, "is_host_internal_management_network");
}
