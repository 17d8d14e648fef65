/* One transaction says where the disk is.  Before it the copy is of type suspend and belongs to
 * nobody, after it the old disk is: so that whichever a crash leaves is destroyed when its SR is
 * plugged.  While a guest is moved it stands still around that transaction. */
#include "ops/vdi/vdi_move.h"

#include "base/log.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vdi/vdi_lock.h"
#include "ops/vdi/vdi_rows.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_plan.h"
#include "ops/vm/vm_state.h"

typedef struct Move {
    Call *call;
    VdiRef from, to;
    VdiType type;
    double begin, end;
} Move;

static bool check_snapshots(const DbView *view, VdiRef vdi, Err **err);
static bool check_users(Call *call, VdiRef vdi, Err **err);
static bool is_open(const DbView *view, VbdRef vbd);
static bool move_closed(Move *move, SrRef sr, Err **err);
static bool move_open(Move *move, SrRef sr, VbdRef vbd, Err **err);
static bool mirror_disk(Move *move, VbdRef vbd, Err **err);
static void tell_progress(void *user, double done);
static bool publish(void *user, Err **err);
static void retract(void *user);
static void give_users(DbTxn *txn, VdiRef from, VdiRef to);
static void drop_old(Call *call, VdiRef vdi);

bool vdi_move_check(Call *call, VdiRef vdi, SrRef sr, Err **err)
{
    const DbView *view = call_view(call);
    g_auto(SrUse) use = {0};
    if (!db_sr_exists(view, sr)) {
        return err_handle_invalid(err, "SR", REF_TEXT(sr.id));
    }
    if (!platform_use_sr(call_platform(call), view, sr, &use, err)) {
        return false;
    }
    if (!(use.driver->caps & SR_CAP_VDI_MIRROR)) {
        return err_sr_does_not_support_migration(err, REF_TEXT(sr.id), "VDI_MIRROR");
    }
    return check_snapshots(view, vdi, err) && check_users(call, vdi, err);
}

bool vdi_move(Call *call, VdiRef vdi, SrRef sr, double begin, double end, VdiRef *ret_vdi,
              Err **err)
{
    const DbView *view = call_view(call);
    if (sr_ref_equal(db_vdi_sr(view, vdi), sr)) {
        *ret_vdi = vdi;
        return true;
    }
    Move move = {.call = call, .from = vdi, .begin = begin, .end = end};
    move.type = db_vdi_type(view, vdi);
    g_auto(VdiLock) target = {0};
    g_auto(VdiLock) lock = {0};
    if (!vdi_lock_take_sr(call, sr, "vdi_create", &target, err) ||
        !vdi_lock_take(call, vdi, "mirror", &lock, err)) {
        return false;
    }
    VbdRef vbd = vdi_disk_find_open_vbd(view, vdi);
    if (vbd_ref_is_null(vbd) ? !move_closed(&move, sr, err) : !move_open(&move, sr, vbd, err)) {
        return false;
    }
    drop_old(call, vdi);
    *ret_vdi = move.to;
    return true;
}

VmRef vdi_move_vm(const DbView *view, VdiRef vdi)
{
    VmRef vm = {{{0}}};
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi); i++) {
        VbdRef vbd = db_vdi_vbds_at(view, vdi, i);
        if (vm_ref_is_null(vm) || is_open(view, vbd)) {
            vm = db_vbd_vm(view, vbd);
        }
    }
    return vm;
}

bool vdi_move_settle(Call *call, VmRef vm, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *driver = platform_hv_driver(platform);
    const DbView *view = call_view(call);
    bool ok = true;
    for (unsigned i = 0; driver->caps & HV_CAP_DISK_MIRROR && ok && i < db_vm_vbds_count(view, vm);
         i++) {
        VbdRef vbd = db_vm_vbds_at(view, vm, i);
        VdiRef vdi = db_vbd_vdi(view, vbd);
        ok = !db_vbd_currently_attached(view, vbd) || !db_vdi_exists(view, vdi) ||
             driver->disk_mirror_settle(platform_hv(platform), call->op, vm_domain_uuid(view, vm),
                                        db_vbd_uuid(view, vbd), db_vdi_uuid(view, vdi), err);
    }
    return ok;
}

static bool check_snapshots(const DbView *view, VdiRef vdi, Err **err)
{
    VmRef vm = vdi_move_vm(view, vdi);
    for (unsigned i = 0; i < db_vm_snapshots_count(view, vm); i++) {
        if (db_vdi_exists(view, db_vm_suspend_vdi(view, db_vm_snapshots_at(view, vm, i)))) {
            return err_vm_has_checkpoint(err, REF_TEXT(vm.id));
        }
    }
    return db_vdi_snapshots_count(view, vdi) == 0 ||
           err_vm_has_too_many_snapshots(err, REF_TEXT(vm.id));
}

static bool check_users(Call *call, VdiRef vdi, Err **err)
{
    const DbView *view = call_view(call);
    unsigned open = 0;
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi); i++) {
        open += is_open(view, db_vdi_vbds_at(view, vdi, i));
    }
    if (open == 0) {
        return true;
    }
    if (open > 1 || vbd_ref_is_null(vdi_disk_find_open_vbd(view, vdi))) {
        return err_vdi_in_use(err, REF_TEXT(vdi.id), "mirror");
    }
    return platform_hv_driver(call_platform(call))->caps & HV_CAP_DISK_MIRROR ||
           err_operation_not_allowed(
               err, "The engine of this host cannot move the disk of a VM that runs.");
}

static bool is_open(const DbView *view, VbdRef vbd)
{
    return vm_state_is_up(view, db_vbd_vm(view, vbd)) && db_vbd_currently_attached(view, vbd);
}

static bool move_closed(Move *move, SrRef sr, Err **err)
{
    if (!vdi_disk_copy_unfinished(move->call, move->from, sr, tell_progress, move, &move->to,
                                  err)) {
        return false;
    }
    if (publish(move, err)) {
        return true;
    }
    vdi_disk_destroy(move->call, move->to, NULL);
    return false;
}

static bool move_open(Move *move, SrRef sr, VbdRef vbd, Err **err)
{
    Call *call = move->call;
    const DbView *view = call_view(call);
    const VdiDiskSpec spec = {.sr = sr,
                              .virtual_size = db_vdi_virtual_size(view, move->from),
                              .type = VDI_TYPE_SUSPEND,
                              .name_label = db_vdi_name_label(view, move->from),
                              .name_description = "A copy that is not complete"};
    if (!vdi_disk_create(call, &spec, &move->to, err)) {
        return false;
    }
    g_autoptr(Err) why = NULL;
    if (mirror_disk(move, vbd, &why)) {
        return true;
    }
    vdi_disk_destroy(call, move->to, NULL);
    if (!op_check(call->op, err)) {
        return false;
    }
    g_autofree char *text = err_to_string(why);
    log_warn("VDI %s was not moved: %s", db_vdi_uuid(view, move->from), text);
    return err_mirror_failed(err, REF_TEXT(move->from.id));
}

static bool mirror_disk(Move *move, VbdRef vbd, Err **err)
{
    Platform *platform = call_platform(move->call);
    const DbView *view = call_view(move->call);
    const HvImage *images;
    unsigned count;
    if (!vm_plan_images(move->call, view, move->to, &images, &count, err)) {
        return false;
    }
    const HvMirror mirror = {.disk_id = db_vbd_uuid(view, vbd),
                             .target = db_vdi_uuid(view, move->to),
                             .image = &images[0],
                             .progress = tell_progress,
                             .publish = publish,
                             .retract = retract,
                             .user = move};
    return platform_hv_driver(platform)->disk_mirror(platform_hv(platform), move->call->op,
                                                     vm_domain_uuid(view, db_vbd_vm(view, vbd)),
                                                     &mirror, err);
}

static void tell_progress(void *user, double done)
{
    const Move *move = user;
    call_progress(move->call, move->begin + done * (move->end - move->begin));
}

static bool publish(void *user, Err **err)
{
    const Move *move = user;
    DbTxn *txn = db_begin(move->call->db);
    vdi_rows_describe_as(txn, move->to, move->from);
    db_vdi_set_read_only(txn, move->to, db_vdi_read_only(db_txn_view(txn), move->from));
    db_vdi_set_type(txn, move->to, move->type);
    db_vdi_set_type(txn, move->from, VDI_TYPE_SUSPEND);
    give_users(txn, move->from, move->to);
    return db_commit(txn, err);
}

static void retract(void *user)
{
    const Move *move = user;
    DbTxn *txn = db_begin(move->call->db);
    db_vdi_set_type(txn, move->to, VDI_TYPE_SUSPEND);
    db_vdi_set_type(txn, move->from, move->type);
    give_users(txn, move->to, move->from);
    g_autoptr(Err) error = NULL;
    if (!db_commit(txn, &error)) {
        g_autofree char *text = err_to_string(error);
        log_error("a disk is not where the database has it: %s", text);
    }
}

static void give_users(DbTxn *txn, VdiRef from, VdiRef to)
{
    g_autoptr(GArray) vbds = db_vdi_vbds_array(db_txn_view(txn), from);
    for (guint i = 0; i < vbds->len; i++) {
        db_vbd_set_vdi(txn, g_array_index(vbds, VbdRef, i), to);
    }
}

/* What cannot be destroyed now is when its SR is plugged again. */
static void drop_old(Call *call, VdiRef vdi)
{
    g_autoptr(Err) error = NULL;
    if (!vdi_disk_destroy(call, vdi, &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("the old image of a moved disk stays for now: %s", text);
    }
}
