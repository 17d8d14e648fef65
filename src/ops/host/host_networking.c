/* host.reset_networking: drops every record about the host's networking, for tools that set it up
 * anew. The next start records what there is. */
#include "gen/db_bond.h"
#include "gen/db_host.h"
#include "gen/db_pif.h"
#include "gen/db_pif_metrics.h"
#include "gen/db_tunnel.h"
#include "gen/db_vlan.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

static void drop_pif(DbTxn *txn, PifRef pif);

bool host_reset_networking(Call *call, const HostResetNetworkingArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    g_autoptr(GArray) pifs = db_host_pifs_array(db_txn_view(txn), args->host);
    for (guint i = 0; i < pifs->len; i++) {
        drop_pif(txn, g_array_index(pifs, PifRef, i));
    }
    return db_commit(txn, err);
}

static void drop_pif(DbTxn *txn, PifRef pif)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) bonds = db_pif_bond_master_of_array(view, pif);
    for (guint i = 0; i < bonds->len; i++) {
        db_bond_delete(txn, g_array_index(bonds, BondRef, i));
    }
    g_autoptr(GArray) vlans = db_pif_vlan_slave_of_array(view, pif);
    for (guint i = 0; i < vlans->len; i++) {
        db_vlan_delete(txn, g_array_index(vlans, VlanRef, i));
    }
    g_autoptr(GArray) tunnels = db_pif_tunnel_access_pif_of_array(view, pif);
    for (guint i = 0; i < tunnels->len; i++) {
        db_tunnel_delete(txn, g_array_index(tunnels, TunnelRef, i));
    }
    db_pif_metrics_delete(txn, db_pif_metrics(view, pif));
    db_pif_delete(txn, pif);
}
