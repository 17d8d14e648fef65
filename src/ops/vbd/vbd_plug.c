/* VBD.plug, unplug, unplug_force, insert and eject: disks of a running VM, media of any. */
#include "ops/vbd/vbd_plug.h"

#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vbd.h"
#include "ops/vbd/vbd_claim.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_plan.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_turn.h"

static bool change_medium(Call *call, VbdRef vbd, VdiRef vdi, Err **err);

bool vbd_plug(Call *call, const VbdPlugArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    g_auto(VmTurn) turn = {0};
    HvDisk disk;
    if (!vm_turn_take(call, db_vbd_vm(view, args->self), &turn, err) ||
        !vbd_claim_plugged(call, args->self, "plug", err) ||
        !vm_plan_disk(call, view, args->self, &disk, err) ||
        !platform_hv_driver(platform)->disk_plug(platform_hv(platform), call->op,
                                                 vm_domain_uuid(view, db_vbd_vm(view, args->self)),
                                                 &disk, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    vm_state_attach_vbd(txn, args->self);
    return db_commit(txn, err);
}

bool vbd_unplug(Call *call, const VbdUnplugArgs *args, Err **err)
{
    return vbd_plug_end(call, args->self, false, err);
}

bool vbd_unplug_force(Call *call, const VbdUnplugForceArgs *args, Err **err)
{
    return vbd_plug_end(call, args->self, true, err);
}

bool vbd_insert(Call *call, const VbdInsertArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    if (strcmp(db_sr_content_type(view, db_vdi_sr(view, args->vdi)), "iso") != 0) {
        return err_vdi_incompatible_type(err, REF_TEXT(args->vdi.id),
                                         vdi_type_to_string(db_vdi_type(view, args->vdi)));
    }
    return change_medium(call, args->vbd, args->vdi, err);
}

bool vbd_eject(Call *call, const VbdEjectArgs *args, Err **err)
{
    return change_medium(call, args->vbd, (VdiRef){{{0}}}, err);
}

bool vbd_plug_end(Call *call, VbdRef vbd, bool force, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, db_vbd_vm(view, vbd), &turn, err) ||
        !vdi_merge_stop(call, db_vbd_vdi(view, vbd), err) ||
        !platform_hv_driver(platform)->disk_unplug(platform_hv(platform), call->op,
                                                   vm_domain_uuid(view, db_vbd_vm(view, vbd)),
                                                   db_vbd_uuid(view, vbd), force, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    vm_state_detach_vbd(txn, vbd);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_merge_request(platform_merger(platform), db_vdi_sr(view, db_vbd_vdi(view, vbd)));
    return true;
}

/* Null ejects. A VM that does not run only has its record changed. */
static bool change_medium(Call *call, VbdRef vbd, VdiRef vdi, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    const HvImage *images = NULL;
    unsigned count = 0;
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, db_vbd_vm(view, vbd), &turn, err)) {
        return false;
    }
    if (!vdi_ref_is_null(vdi) && !vm_plan_images(call, view, vdi, &images, &count, err)) {
        return false;
    }
    if (db_vbd_currently_attached(view, vbd) &&
        !platform_hv_driver(platform)->cd_change(platform_hv(platform), call->op,
                                                 vm_domain_uuid(view, db_vbd_vm(view, vbd)),
                                                 db_vbd_uuid(view, vbd), images, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vbd_set_vdi(txn, vbd, vdi);
    db_vbd_set_empty(txn, vbd, vdi_ref_is_null(vdi));
    return db_commit(txn, err);
}
