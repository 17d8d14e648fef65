/* VIF.plug, unplug and unplug_force: NICs of a running VM. */
#include "ops/vif/vif_plug.h"

#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/ops_vif.h"
#include "ops/vif/vif_port.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_plan.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_turn.h"

bool vif_plug(Call *call, const VifPlugArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    g_auto(VmTurn) turn = {0};
    g_auto(Undo) undo = {0};
    HvNic nic;
    if (!vm_turn_take(call, db_vif_vm(view, args->self), &turn, err) ||
        !vm_plan_nic(call, view, args->self, &undo, &nic, err) ||
        !platform_hv_driver(platform)->nic_plug(platform_hv(platform), call->op,
                                                vm_domain_uuid(view, db_vif_vm(view, args->self)),
                                                &nic, err) ||
        (nic.port && !vif_port_refresh(call, args->self, err))) {
        return false;
    }
    undo_disarm(&undo);
    DbTxn *txn = db_begin(call->db);
    vm_state_attach_vif(txn, args->self);
    return db_commit(txn, err);
}

bool vif_unplug(Call *call, const VifUnplugArgs *args, Err **err)
{
    return vif_plug_end(call, args->self, false, err);
}

bool vif_unplug_force(Call *call, const VifUnplugForceArgs *args, Err **err)
{
    return vif_plug_end(call, args->self, true, err);
}

bool vif_plug_end(Call *call, VifRef vif, bool force, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, db_vif_vm(view, vif), &turn, err) ||
        !platform_hv_driver(platform)->nic_unplug(platform_hv(platform), call->op,
                                                  vm_domain_uuid(view, db_vif_vm(view, vif)),
                                                  db_vif_uuid(view, vif), force, err)) {
        return false;
    }
    vif_port_detach(call, vif);
    DbTxn *txn = db_begin(call->db);
    db_vif_set_currently_attached(txn, vif, false);
    return db_commit(txn, err);
}
