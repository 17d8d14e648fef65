/* VIF.move: another network for a VIF, without a word to the guest. */
#include "ops/vif/vif_move.h"

#include "gen/db_network.h"
#include "gen/db_vif.h"
#include "gen/errors.h"
#include "gen/ops_vif.h"
#include "ops/network/bridge.h"
#include "ops/network/network_turn.h"
#include "ops/vif/vif_port.h"
#include "ops/vm/vm_state.h"

static bool write_network(Call *call, VifRef vif, NetworkRef network, Err **err);

bool vif_move(Call *call, const VifMoveArgs *args, Err **err)
{
    return vif_move_to(call, args->self, args->network, err);
}

bool vif_move_to(Call *call, VifRef vif, NetworkRef network, Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    if (!db_network_exists(view, network)) {
        return err_handle_invalid(err, "network", REF_TEXT(network.id));
    }
    VmRef vm = db_vif_vm(view, vif);
    bool is_active = db_vif_currently_attached(view, vif) && vm_state_is_up(view, vm);
    NetworkRef old = db_vif_network(view, vif);
    if ((is_active && !bridge_ensure(call, view, network, vm, err)) ||
        !write_network(call, vif, network, err)) {
        return false;
    }
    if (!is_active || vif_port_refresh(call, vif, err)) {
        return true;
    }
    write_network(call, vif, old, NULL);
    return false;
}

static bool write_network(Call *call, VifRef vif, NetworkRef network, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_vif_set_network(txn, vif, network);
    return db_commit(txn, err);
}
