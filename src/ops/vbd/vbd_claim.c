/* The counterpart is in core/operation_check.c: an operation on a VDI does not begin while a VBD of
 * it has one. */
#include "ops/vbd/vbd_claim.h"

#include "core/oplock.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/platform.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vm/vm_state.h"

static const char OPERATION[] = "attach";

static bool claim_all(Call *call, DbTxn *txn, VmRef vm, Err **err);
static bool check_sharing(const DbView *view, VbdRef vbd, const char *op, Err **err);
static bool check_operations(const DbView *view, VbdRef vbd, Err **err);
static void set_operation(DbTxn *txn, VbdRef vbd, Uuid task, const char *op);

bool vbd_claim_take(Call *call, VmRef vm, VbdClaim *ret_claim, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (!claim_all(call, txn, vm, err)) {
        db_abort(txn);
        return false;
    }
    db_commit_async(txn);
    g_auto(VbdClaim) claim = {call, vm};
    const DbView *view = call_view(call);
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        VdiRef vdi = db_vbd_vdi(view, db_vm_vbds_at(view, vm, i));
        if (!vdi_merge_stop(call, vdi, err)) {
            return false;
        }
    }
    *ret_claim = claim;
    claim = (VbdClaim){0};
    return true;
}

void vbd_claim_clear(VbdClaim *claim)
{
    if (claim->call) {
        DbTxn *txn = db_begin(claim->call->db);
        g_autoptr(GArray) vbds = db_vm_vbds_array(db_txn_view(txn), claim->vm);
        for (guint i = 0; i < vbds->len; i++) {
            set_operation(txn, g_array_index(vbds, VbdRef, i), claim->call->task, NULL);
        }
        db_commit_async(txn);
    }
    *claim = (VbdClaim){0};
}

bool vbd_claim_plugged(Call *call, VbdRef vbd, const char *op, Err **err)
{
    const DbView *view = call_view(call);
    return vbd_claim_check(view, vbd, op, err) && vdi_merge_stop(call, db_vbd_vdi(view, vbd), err);
}

bool vbd_claim_check(const DbView *view, VbdRef vbd, const char *op, Err **err)
{
    return db_vbd_empty(view, vbd) ||
           (check_sharing(view, vbd, op, err) && check_operations(view, vbd, err));
}

static bool claim_all(Call *call, DbTxn *txn, VmRef vm, Err **err)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vbds = db_vm_vbds_array(view, vm);
    for (guint i = 0; i < vbds->len; i++) {
        VbdRef vbd = g_array_index(vbds, VbdRef, i);
        if (db_vbd_empty(view, vbd) || !vm_state_brings_vbd(view, vbd)) {
            continue;
        }
        if (!oplock_check(view, CLASS_VBD, vbd.id, OPERATION, err) ||
            !vbd_claim_check(view, vbd, OPERATION, err)) {
            return false;
        }
        set_operation(txn, vbd, call->task, OPERATION);
    }
    return true;
}

static bool check_sharing(const DbView *view, VbdRef vbd, const char *op, Err **err)
{
    VdiRef vdi = db_vbd_vdi(view, vbd);
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi) && !db_vdi_sharable(view, vdi); i++) {
        VbdRef other = db_vdi_vbds_at(view, vdi, i);
        bool writes =
            db_vbd_mode(view, other) == VBD_MODE_RW || db_vbd_mode(view, vbd) == VBD_MODE_RW;
        bool is_open = db_vbd_currently_attached(view, other) ||
                       value_count(db_vbd_current_operations(view, other)) > 0;
        if (!vbd_ref_equal(other, vbd) && writes && is_open) {
            return err_vdi_in_use(err, REF_TEXT(vdi.id), op);
        }
    }
    return true;
}

static bool check_operations(const DbView *view, VbdRef vbd, Err **err)
{
    VdiRef vdi = db_vbd_vdi(view, vbd);
    const Value *current = db_vdi_current_operations(view, vdi);
    for (unsigned i = 0; i < value_count(current); i++) {
        const char *op = value_string(value_at(current, i));
        if (db_vbd_mode(view, vbd) == VBD_MODE_RW || strcmp(op, "copy") != 0) {
            return err_other_operation_in_progress(err, "VDI", REF_TEXT(vdi.id), op,
                                                   value_name_at(current, i));
        }
    }
    return true;
}

/* The disk's own operations hang on those of its VBDs: it counts as changed too. */
static void set_operation(DbTxn *txn, VbdRef vbd, Uuid task, const char *op)
{
    db_vbd_set_current_operations_key(txn, vbd, REF_TEXT(task), op);
    db_touch(txn, CLASS_VDI, db_vbd_vdi(db_txn_view(txn), vbd).id);
}
