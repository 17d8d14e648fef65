/* VDI.snapshot, clone and copy. */
#include "gen/db_sr.h"
#include "gen/db_vdi.h"
#include "gen/errors.h"
#include "gen/ops_vdi.h"
#include "ops/vdi/vdi_disk.h"

static bool check_source(const DbView *view, VdiRef vdi, Err **err);
static bool can_clone(const DbView *view, VdiRef vdi);

bool vdi_snapshot(Call *call, const VdiSnapshotArgs *args, VdiRef *ret_result, Err **err)
{
    return check_source(call_view(call), args->vdi, err) &&
           vdi_disk_duplicate(call, args->vdi, VDI_COPY_SNAPSHOT, ret_result, err);
}

/* A full copy where the storage cannot share blocks. */
bool vdi_clone(Call *call, const VdiCloneArgs *args, VdiRef *ret_result, Err **err)
{
    const DbView *view = call_view(call);
    if (!check_source(view, args->vdi, err)) {
        return false;
    }
    return can_clone(view, args->vdi)
               ? vdi_disk_duplicate(call, args->vdi, VDI_COPY_CLONE, ret_result, err)
               : vdi_disk_copy(call, args->vdi, db_vdi_sr(view, args->vdi), ret_result, err);
}

bool vdi_copy(Call *call, const VdiCopyArgs *args, VdiRef *ret_result, Err **err)
{
    if (!vdi_ref_is_null(args->into_vdi) || !vdi_ref_is_null(args->base_vdi)) {
        return err_not_implemented(err, "VDI.copy with base_vdi or into_vdi");
    }
    SrRef sr = sr_ref_is_null(args->sr) ? db_vdi_sr(call_view(call), args->vdi) : args->sr;
    return vdi_disk_copy(call, args->vdi, sr, ret_result, err);
}

static bool check_source(const DbView *view, VdiRef vdi, Err **err)
{
    if (!db_vdi_managed(view, vdi)) {
        return err_vdi_not_managed(err, REF_TEXT(vdi.id));
    }
    if (db_vdi_sharable(view, vdi)) {
        return err_vdi_is_sharable(err, REF_TEXT(vdi.id));
    }
    return db_vdi_on_boot(view, vdi) != ON_BOOT_RESET ||
           err_vdi_on_boot_mode_incompatible_with_operation(err);
}

static bool can_clone(const DbView *view, VdiRef vdi)
{
    const SrDriver *driver = platform_sr_driver(db_sr_type(view, db_vdi_sr(view, vdi)));
    return driver && (driver->caps & SR_CAP_VDI_CLONE);
}
