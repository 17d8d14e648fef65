/* Tunnels and SR-IOV networks need what Linux bridges do not have, and say so; the rules that come
 * before that are 6.2's. */
#include "gen/db_pif.h"
#include "gen/db_tunnel.h"
#include "gen/errors.h"
#include "gen/ops_network_sriov.h"
#include "gen/ops_tunnel.h"
#include "ops/network/vlan.h"

bool tunnel_create(Call *call, const TunnelCreateArgs *args, TunnelRef *ret_result, Err **err)
{
    (void)ret_result;
    const DbView *view = call_view(call);
    PifRef transport = args->transport_pif;
    if (!bond_ref_is_null(db_pif_bond_slave_of(view, transport))) {
        return err_cannot_add_tunnel_to_bond_slave(err, REF_TEXT(transport.id));
    }
    return vlan_check_network(view, db_pif_host(view, transport), args->network, err) &&
           err_openvswitch_not_active(err);
}

/* None was made here; one may have come with a database. */
bool tunnel_destroy(Call *call, const TunnelDestroyArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    PifRef access = db_tunnel_access_pif(db_txn_view(txn), args->self);
    if (db_pif_exists(db_txn_view(txn), access)) {
        db_pif_delete(txn, access);
    }
    db_tunnel_delete(txn, args->self);
    return db_commit(txn, err);
}

bool network_sriov_create(Call *call, const NetworkSriovCreateArgs *args,
                          NetworkSriovRef *ret_result, Err **err)
{
    (void)ret_result;
    const DbView *view = call_view(call);
    if (!db_pif_physical(view, args->pif)) {
        return err_pif_is_not_physical(err, REF_TEXT(args->pif.id));
    }
    return err_pif_is_not_sriov_capable(err, REF_TEXT(args->pif.id));
}
