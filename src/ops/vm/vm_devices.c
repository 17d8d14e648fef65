/* A domain has what it has; VBDs and VIFs follow it. */
#include "ops/vm/vm_devices.h"

#include "base/log.h"
#include "core/dispatch.h"
#include "core/oplock.h"
#include "gen/db_vbd.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "ops/vbd/vbd_plug.h"
#include "ops/vif/vif_plug.h"
#include "ops/vif/vif_port.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_turn.h"
#include "ops/vm/vm_watch.h"

static const char OPERATION[] = "unplug";

/* A device that its guest has given back: one of the two. */
typedef struct Left {
    Uuid domain;
    const char *id;
    VbdRef vbd;
    VifRef vif;
} Left;

static void settle_vbds(DbTxn *txn, VmRef vm, const char *const *ids);
static void settle_vifs(DbTxn *txn, VmRef vm, const char *const *ids, GArray *gone);
static bool take_back(Call *call, void *user, Err **err);
static bool take_lock(Call *call, VmRef vm, uint16_t class_id, Uuid ref, Err **err);
static bool unplug(Call *call, VmRef vm, const Left *left, Err **err);
static char **list_devices(Call *call, VmRef vm, Err **err);

bool vm_devices_settle(Call *call, VmRef vm, Err **err)
{
    g_auto(GStrv) ids = list_devices(call, vm, err);
    if (!ids) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    settle_vbds(txn, vm, (const char *const *)ids);
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(VifRef));
    settle_vifs(txn, vm, (const char *const *)ids, gone);
    if (!db_commit(txn, err)) {
        return false;
    }
    for (guint i = 0; i < gone->len; i++) {
        vif_port_detach(call, g_array_index(gone, VifRef, i));
    }
    return true;
}

void vm_devices_left(Platform *platform, Uuid domain, const char *id)
{
    Left left = {.domain = domain, .id = id};
    g_autoptr(Err) error = NULL;
    if (!core_run_internal(platform_core(platform), "device given back", take_back, &left,
                           &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("the guest of %s gave device %s back, and unplugging it failed: %s",
                 UUID_TEXT(domain), id, text);
    }
}

static void settle_vbds(DbTxn *txn, VmRef vm, const char *const *ids)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vbds = db_vm_vbds_array(view, vm);
    for (guint i = 0; i < vbds->len; i++) {
        VbdRef vbd = g_array_index(vbds, VbdRef, i);
        bool has = g_strv_contains(ids, db_vbd_uuid(view, vbd));
        if (has == db_vbd_currently_attached(view, vbd)) {
            continue;
        }
        log_info("VBD %s was %s when the daemon ended", db_vbd_uuid(view, vbd),
                 has ? "just plugged" : "just unplugged");
        if (has) {
            vm_state_attach_vbd(txn, vbd);
        } else {
            vm_state_detach_vbd(txn, vbd);
        }
    }
}

/* `gone`, VifRef, gets those that have lost theirs. The ports of others are brought up to date by
 * whoever adopts the domain. */
static void settle_vifs(DbTxn *txn, VmRef vm, const char *const *ids, GArray *gone)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vifs = db_vm_vifs_array(view, vm);
    for (guint i = 0; i < vifs->len; i++) {
        VifRef vif = g_array_index(vifs, VifRef, i);
        bool has = g_strv_contains(ids, db_vif_uuid(view, vif));
        if (has == db_vif_currently_attached(view, vif)) {
            continue;
        }
        log_info("VIF %s was %s when the daemon ended", db_vif_uuid(view, vif),
                 has ? "just plugged" : "just unplugged");
        if (has) {
            vm_state_attach_vif(txn, vif);
        } else {
            db_vif_set_currently_attached(txn, vif, false);
            g_array_append_val(gone, vif);
        }
    }
}

static bool take_back(Call *call, void *user, Err **err)
{
    Left *left = user;
    const DbView *view = call_view(call);
    VmRef vm = db_vm_by_uuid(view, UUID_TEXT(left->domain));
    left->vbd = db_vbd_by_uuid(view, left->id);
    left->vif = db_vif_by_uuid(view, left->id);
    bool is_vbd = !vbd_ref_is_null(left->vbd);
    if (vm_ref_is_null(vm) || (!is_vbd && vif_ref_is_null(left->vif))) {
        return true;
    }
    uint16_t class_id = is_vbd ? CLASS_VBD : CLASS_VIF;
    Uuid ref = is_vbd ? left->vbd.id : left->vif.id;
    if (!take_lock(call, vm, class_id, ref, err)) {
        return false;
    }
    bool ok = unplug(call, vm, left, err);
    oplock_release_one(call, class_id, ref, OPERATION);
    return ok;
}

static bool take_lock(Call *call, VmRef vm, uint16_t class_id, Uuid ref, Err **err)
{
    VmWatch *watch = platform_vm_watch(call_platform(call));
    do {
        if (!vm_watch_wait_alone(watch, call->op, vm, call->task, err)) {
            return false;
        }
        if (!db_find(call_view(call), class_id, ref)) {
            return err_internal(err, "it is no more");
        }
    } while (!oplock_take_alone(call, class_id, ref, OPERATION));
    return true;
}

/* It may have been plugged again, or the VM have been started anew. */
static bool unplug(Call *call, VmRef vm, const Left *left, Err **err)
{
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, vm, &turn, err)) {
        return false;
    }
    if (!vm_state_is_up(call_view(call), vm)) {
        return true;
    }
    g_auto(GStrv) ids = list_devices(call, vm, err);
    if (!ids) {
        return false;
    }
    if (g_strv_contains((const char *const *)ids, left->id)) {
        return true;
    }
    return vbd_ref_is_null(left->vbd) ? vif_plug_end(call, left->vif, false, err)
                                      : vbd_plug_end(call, left->vbd, false, err);
}

static char **list_devices(Call *call, VmRef vm, Err **err)
{
    Platform *platform = call_platform(call);
    return platform_hv_driver(platform)->domain_devices(platform_hv(platform),
                                                        vm_domain_uuid(call_view(call), vm), err);
}
