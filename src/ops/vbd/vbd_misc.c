/* VBD.assert_attachable, set_mode, pause and unpause. */
#include "core/oplock.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vbd.h"
#include "ops/vbd/vbd_claim.h"

static bool refuse_pause(const DbView *view, VbdRef vbd, Err **err);

bool vbd_assert_attachable(Call *call, const VbdAssertAttachableArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    return oplock_check(view, CLASS_VBD, args->self.id, "attach", err) &&
           vbd_claim_check(view, args->self, "attach", err);
}

bool vbd_set_mode(Call *call, const VbdSetModeArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    VmRef vm = db_vbd_vm(view, args->self);
    VdiRef vdi = db_vbd_vdi(view, args->self);
    bool writes = args->value == VBD_MODE_RW;
    bool ok = true;
    if (db_vm_power_state(view, vm) != VM_POWER_STATE_HALTED) {
        g_autofree char *actual =
            g_ascii_strdown(vm_power_state_to_string(db_vm_power_state(view, vm)), -1);
        ok = err_vm_bad_power_state(err, REF_TEXT(vm.id), "halted", actual);
    } else if (writes && db_vbd_type(view, args->self) == VBD_TYPE_CD) {
        ok = err_vbd_cds_must_be_readonly(err);
    } else if (writes && db_vdi_read_only(view, vdi)) {
        ok = err_vdi_readonly(err, REF_TEXT(vdi.id));
    }
    if (!ok) {
        db_abort(txn);
        return false;
    }
    db_vbd_set_mode(txn, args->self, args->value);
    return db_commit(txn, err);
}

/* As in 6.2: snapshots need no such thing, and other storage tools get this answer. */
bool vbd_pause(Call *call, const VbdPauseArgs *args, char **ret_result, Err **err)
{
    (void)ret_result;
    return refuse_pause(call_view(call), args->self, err);
}

bool vbd_unpause(Call *call, const VbdUnpauseArgs *args, Err **err)
{
    return refuse_pause(call_view(call), args->self, err);
}

static bool refuse_pause(const DbView *view, VbdRef vbd, Err **err)
{
    SrRef sr = db_vdi_sr(view, db_vbd_vdi(view, vbd));
    return err_sr_operation_not_supported(err, REF_TEXT(sr.id));
}
