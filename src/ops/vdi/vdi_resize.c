/* VDI.resize, resize_online and update. */
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vdi.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vdi/vdi_lock.h"
#include "ops/vdi/vdi_rows.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_turn.h"
#include "storage/sr_fail.h"

enum { SECTOR = 512 };

static bool check_size(int64_t size, Err **err);
static bool grow_open(Call *call, VdiRef vdi, VbdRef vbd, int64_t size, Err **err);
static bool write_image(Call *call, VdiRef vdi, const SrVdi *image, Err **err);

bool vdi_resize(Call *call, const VdiResizeArgs *args, Err **err)
{
    g_auto(VdiLock) lock = {0};
    g_auto(SrVdi) image = {0};
    if (!check_size(args->size, err) || !vdi_lock_take(call, args->vdi, "resize", &lock, err) ||
        !lock.use.driver->vdi_resize(call->op, lock.use.sr,
                                     db_vdi_location(call_view(call), args->vdi), args->size,
                                     &image, err)) {
        return false;
    }
    sr_use_note_change(&lock.use);
    return write_image(call, args->vdi, &image, err);
}

/* Who has the image open is who changes it. */
bool vdi_resize_online(Call *call, const VdiResizeOnlineArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    const char *location = db_vdi_location(view, args->vdi);
    VbdRef vbd = vdi_disk_find_open_vbd(view, args->vdi);
    g_auto(VdiLock) lock = {0};
    g_auto(SrVdi) image = {0};
    if (!check_size(args->size, err) ||
        !vdi_lock_take(call, args->vdi, "resize_online", &lock, err)) {
        return false;
    }
    bool ok =
        vbd_ref_is_null(vbd)
            ? lock.use.driver->vdi_resize(call->op, lock.use.sr, location, args->size, &image, err)
            : grow_open(call, args->vdi, vbd, args->size, err) &&
                  lock.use.driver->vdi_stat(call->op, lock.use.sr, location, &image, err);
    if (!ok) {
        return false;
    }
    sr_use_note_change(&lock.use);
    return write_image(call, args->vdi, &image, err);
}

bool vdi_update(Call *call, const VdiUpdateArgs *args, Err **err)
{
    g_auto(VdiLock) lock = {0};
    g_auto(SrVdi) image = {0};
    return vdi_lock_take(call, args->vdi, "update", &lock, err) &&
           lock.use.driver->vdi_stat(call->op, lock.use.sr,
                                     db_vdi_location(call_view(call), args->vdi), &image, err) &&
           write_image(call, args->vdi, &image, err);
}

static bool check_size(int64_t size, Err **err)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, size);
    return size > 0 || err_invalid_value(err, "size", text);
}

static bool grow_open(Call *call, VdiRef vdi, VbdRef vbd, int64_t size, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    int64_t old_size = db_vdi_virtual_size(view, vdi);
    if (size < old_size) {
        return sr_fail(err, SR_FAIL_VDI_SIZE,
                       "disk %s has %" G_GINT64_FORMAT
                       " bytes and cannot shrink to %" G_GINT64_FORMAT,
                       db_vdi_uuid(view, vdi), old_size, size);
    }
    uint64_t bytes = ((uint64_t)size + SECTOR - 1) / SECTOR * SECTOR;
    VmRef vm = db_vbd_vm(view, vbd);
    g_auto(VmTurn) turn = {0};
    return vm_turn_take(call, vm, &turn, err) &&
           platform_hv_driver(platform)->disk_resize(platform_hv(platform), call->op,
                                                     vm_domain_uuid(view, vm),
                                                     db_vbd_uuid(view, vbd), bytes, err);
}

static bool write_image(Call *call, VdiRef vdi, const SrVdi *image, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    SrRef sr = db_vdi_sr(db_txn_view(txn), vdi);
    vdi_rows_update(txn, vdi, image);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_disk_refresh_sr(call, sr);
    return true;
}
