/* The order matters: the operation is written down first, then a merge is stopped.  A merge that
 * begins meanwhile sees the operation and leaves the disk alone; see vdi_merge.c. */
#include "ops/vdi/vdi_lock.h"

#include "gen/db_vdi.h"
#include "gen/errors.h"
#include "ops/platform.h"
#include "ops/vdi/vdi_merge.h"

bool vdi_lock_take(Call *call, VdiRef vdi, const char *op, VdiLock *ret_lock, Err **err)
{
    const DbView *view = call_view(call);
    g_auto(VdiLock) lock = {0};
    if (db_vdi_exists(view, vdi) && !db_vdi_managed(view, vdi)) {
        return err_vdi_not_managed(err, REF_TEXT(vdi.id));
    }
    if (!hold_take(call, CLASS_VDI, vdi.id, op, &lock.vdi, err) ||
        !vdi_lock_take_sr(call, db_vdi_sr(view, vdi), arena_printf(call->arena, "vdi_%s", op),
                          &lock, err) ||
        !vdi_merge_stop(call, vdi, err)) {
        return false;
    }
    *ret_lock = lock;
    lock = (VdiLock){0};
    return true;
}

void vdi_lock_clear(VdiLock *lock)
{
    sr_use_clear(&lock->use);
    hold_clear(&lock->sr);
    hold_clear(&lock->vdi);
}

bool vdi_lock_take_sr(Call *call, SrRef sr, const char *op, VdiLock *ret_lock, Err **err)
{
    Platform *platform = call_platform(call);
    g_auto(Hold) hold = {0};
    g_auto(SrUse) use = {0};
    if (!hold_take(call, CLASS_SR, sr.id, op, &hold, err) ||
        !platform_use_sr(platform, call_view(call), sr, &use, err)) {
        return false;
    }
    ret_lock->sr = hold;
    ret_lock->use = use;
    hold = (Hold){0};
    use = (SrUse){0};
    return true;
}
