/* Plug: attach by the driver, then scan. An SR is attached once, whatever asks for it. */
#include "ops/sr/sr_attach.h"

#include "base/log.h"
#include "core/core.h"
#include "gen/db_pbd.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/hold.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vdi/vdi_sync.h"

static const char *const *list_of(Call *call, const Value *map);
static bool attach(Call *call, PbdRef pbd, SrTurn *turn, const SrConfig *config,
                   const SrDriver *driver, Err **err);
static bool scan(Call *call, SrRef sr, Err **err);
static bool detach(Call *call, SrRef sr, SrTurn *turn, Op *op, Err **err);
static GArray *list_suspend_orphans(const DbView *view, SrRef sr);
static void destroy_orphans(Call *call, const GArray *orphans);
static bool check_unused(const DbView *view, SrRef sr, Err **err);
static bool write_attached(Call *call, PbdRef pbd, bool attached, Err **err);

bool sr_attach_config(Call *call, const DbView *view, PbdRef pbd, SrConfig *ret_config,
                      const SrDriver **ret_driver, Err **err)
{
    SrRef sr = db_pbd_sr(view, pbd);
    const char *type = db_sr_type(view, sr);
    const SrDriver *driver = platform_sr_driver(type);
    if (!driver) {
        return err_sr_unknown_driver(err, type);
    }
    SrConfig config = {.device_config = list_of(call, db_pbd_device_config(view, pbd)),
                       .mount_dir = arena_printf(call->arena, "%s/sr-mount/%s",
                                                 platform_paths(call_platform(call))->run_dir,
                                                 db_sr_uuid(view, sr))};
    if (!uuid_parse(db_sr_uuid(view, sr), &config.uuid)) {
        return err_handle_invalid(err, "SR", REF_TEXT(sr.id));
    }
    *ret_config = config;
    *ret_driver = driver;
    return true;
}

bool sr_attach_plug(Call *call, PbdRef pbd, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    SrConfig config;
    const SrDriver *driver;
    g_auto(SrTurn) turn = {0};
    if (!sr_attach_config(call, view, pbd, &config, &driver, err) ||
        !sr_table_take_turn(platform_srs(platform), call->op, config.uuid, &turn, err)) {
        return false;
    }
    return sr_turn_is_attached(&turn) ? write_attached(call, pbd, true, err)
                                      : attach(call, pbd, &turn, &config, driver, err);
}

bool sr_attach_unplug(Call *call, PbdRef pbd, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    SrRef sr = db_pbd_sr(view, pbd);
    Uuid uuid = {{0}};
    g_auto(SrTurn) turn = {0};
    g_auto(Hold) hold = {0};
    uuid_parse(db_sr_uuid(view, sr), &uuid);
    if (!sr_table_take_turn(platform_srs(platform), call->op, uuid, &turn, err) ||
        !hold_take(call, CLASS_SR, sr.id, "unplug", &hold, err) ||
        !check_unused(call_view(call), sr, err)) {
        return false;
    }
    return (!sr_turn_is_attached(&turn) || detach(call, sr, &turn, call->op, err)) &&
           write_attached(call, pbd, false, err);
}

static const char *const *list_of(Call *call, const Value *map)
{
    unsigned count = value_count(map);
    const char **list = arena_new0(call->arena, const char *, 2 * count + 1);
    for (unsigned i = 0; i < count; i++) {
        list[2 * i] = arena_strdup(call->arena, value_name_at(map, i));
        list[2 * i + 1] = arena_strdup(call->arena, value_string(value_at(map, i)));
    }
    return list;
}

void sr_attach_drop_orphans(Call *call)
{
    const DbView *view = call_view(call);
    g_autoptr(GArray) pbds = db_pbd_all(view);
    for (guint i = 0; i < pbds->len; i++) {
        PbdRef pbd = g_array_index(pbds, PbdRef, i);
        if (db_pbd_currently_attached(view, pbd)) {
            g_autoptr(GArray) orphans = list_suspend_orphans(view, db_pbd_sr(view, pbd));
            destroy_orphans(call, orphans);
        }
    }
}

/* A suspend image that no VM names before anybody could use the SR was left by a suspend or resume
 * that did not come to its end, or was announced and not completed (ops/vdi/vdi_announce.h). */
static bool attach(Call *call, PbdRef pbd, SrTurn *turn, const SrConfig *config,
                   const SrDriver *driver, Err **err)
{
    SrRef sr = db_pbd_sr(call_view(call), pbd);
    g_autoptr(GArray) orphans = list_suspend_orphans(call_view(call), sr);
    Sr *attached = driver->attach(call->op, config, err);
    if (!attached) {
        return false;
    }
    sr_turn_set_attached(turn, driver, attached);
    if (!scan(call, sr, err)) {
        g_autoptr(Op) op = core_undo_op();
        detach(call, sr, turn, op, NULL);
        return false;
    }
    if (!write_attached(call, pbd, true, err)) {
        return false;
    }
    destroy_orphans(call, orphans);
    vdi_merge_request(platform_merger(call_platform(call)), sr);
    return true;
}

static bool scan(Call *call, SrRef sr, Err **err)
{
    g_auto(SrUse) use = {0};
    return platform_use_sr(call_platform(call), call_view(call), sr, &use, err) &&
           vdi_sync(call, sr, &use, err);
}

static bool detach(Call *call, SrRef sr, SrTurn *turn, Op *op, Err **err)
{
    sr_turn_shut(turn);
    if (vdi_merge_stop_sr(platform_merger(call_platform(call)), op, sr, err) &&
        sr_turn_wait_unused(turn, op, err) && sr_turn_detach(turn, op, err)) {
        return true;
    }
    sr_turn_reopen(turn);
    return false;
}

/* Array of VdiRef. */
static GArray *list_suspend_orphans(const DbView *view, SrRef sr)
{
    GArray *orphans = g_array_new(FALSE, FALSE, sizeof(VdiRef));
    g_autoptr(GHashTable) named = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, g_free, NULL);
    g_autoptr(GArray) vms = db_vm_all(view);
    for (guint i = 0; i < vms->len; i++) {
        VdiRef vdi = db_vm_suspend_vdi(view, g_array_index(vms, VmRef, i));
        g_hash_table_add(named, g_memdup2(&vdi.id, sizeof vdi.id));
    }
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        VdiRef vdi = db_sr_vdis_at(view, sr, i);
        if (db_vdi_type(view, vdi) == VDI_TYPE_SUSPEND && !g_hash_table_contains(named, &vdi.id)) {
            g_array_append_val(orphans, vdi);
        }
    }
    return orphans;
}

static void destroy_orphans(Call *call, const GArray *orphans)
{
    for (guint i = 0; i < orphans->len; i++) {
        VdiRef vdi = g_array_index(orphans, VdiRef, i);
        g_autoptr(Err) error = NULL;
        if (!db_vdi_exists(call_view(call), vdi)) {
            continue; /* its image was never made */
        }
        log_info("image %s was never complete, or belongs to no VM any more, and is destroyed",
                 db_vdi_uuid(call_view(call), vdi));
        if (!vdi_disk_destroy(call, vdi, &error)) {
            g_autofree char *text = err_to_string(error);
            log_warn("the image stays: %s", text);
        }
    }
}

/* Whether the VBD's VM has the disk open or is about to; a suspended one has only its place. */
static bool is_open(const DbView *view, VbdRef vbd)
{
    VmPowerState state = db_vm_power_state(view, db_vbd_vm(view, vbd));
    bool is_up = state == VM_POWER_STATE_RUNNING || state == VM_POWER_STATE_PAUSED;
    return (is_up && db_vbd_currently_attached(view, vbd)) ||
           value_count(db_vbd_current_operations(view, vbd)) > 0;
}

/* VDI_IN_USE with every disk that is open. */
static bool check_unused(const DbView *view, SrRef sr, Err **err)
{
    g_autoptr(GPtrArray) used = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        VdiRef vdi = db_sr_vdis_at(view, sr, i);
        bool in_use = false;
        for (unsigned j = 0; j < db_vdi_vbds_count(view, vdi); j++) {
            in_use |= is_open(view, db_vdi_vbds_at(view, vdi, j));
        }
        if (in_use) {
            g_ptr_array_add(used, g_strdup(REF_TEXT(vdi.id)));
        }
    }
    if (used->len == 0) {
        return true;
    }
    g_ptr_array_add(used, NULL);
    return err_setv(err, __FILE__, __LINE__, "VDI_IN_USE", (const char *const *)used->pdata);
}

/* The SR's own operations hang on it: it counts as changed too. */
static bool write_attached(Call *call, PbdRef pbd, bool attached, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_pbd_set_currently_attached(txn, pbd, attached);
    db_touch(txn, CLASS_SR, db_pbd_sr(db_txn_view(txn), pbd).id);
    return db_commit(txn, err);
}
