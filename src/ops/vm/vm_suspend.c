/* VM.suspend, resume and resume_on: the guest's memory goes to a VDI of type suspend and back. */
#include "core/core.h"
#include "gen/db_host.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops.h"
#include "ops/message/alert.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_plan.h"
#include "ops/vm/vm_state.h"

static SrRef choose_suspend_sr(Call *call, VmRef vm);
static bool save_domain(Call *call, VmRef vm, VdiRef image, Err **err);
static bool write_suspended(Call *call, VmRef vm, VdiRef image, Err **err);
static bool resume(Call *call, VmRef vm, bool paused, bool force, Err **err);

bool vm_suspend(Call *call, const VmSuspendArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    Uuid domain = vm_domain_uuid(call_view(call), args->vm);
    SrRef sr = choose_suspend_sr(call, args->vm);
    if (sr_ref_is_null(sr)) {
        return err_vm_no_suspend_sr(err, REF_TEXT(args->vm.id));
    }
    const VdiDiskSpec spec = {.sr = sr,
                              .virtual_size = platform_hv_driver(platform)->domain_save_size(
                                  platform_hv(platform), domain),
                              .type = VDI_TYPE_SUSPEND,
                              .name_label = "Suspend image",
                              .name_description = "Suspend image",
                              .format = "raw"};
    VdiRef image;
    if (!vdi_disk_create(call, &spec, &image, err)) {
        return false;
    }
    if (!save_domain(call, args->vm, image, err) || !write_suspended(call, args->vm, image, err)) {
        vdi_disk_destroy(call, image, NULL);
        return false;
    }
    if (!vm_end_domain(call, args->vm, err)) {
        return false;
    }
    alert_vm(call, args->vm, "VM_SUSPENDED", ALERT_INFORMATION, "suspended");
    return true;
}

bool vm_resume(Call *call, const VmResumeArgs *args, Err **err)
{
    return resume(call, args->vm, args->start_paused, args->force, err);
}

bool vm_resume_on(Call *call, const VmResumeOnArgs *args, Err **err)
{
    if (!host_ref_equal(args->host, platform_host(call_platform(call)))) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    return resume(call, args->vm, args->start_paused, args->force, err);
}

/* The VM's own choice, else the pool's, the host's, the default; null when none exists. */
static SrRef choose_suspend_sr(Call *call, VmRef vm)
{
    const DbView *view = call_view(call);
    PoolRef pool = platform_pool(call_platform(call));
    HostRef host = platform_host(call_platform(call));
    const SrRef candidates[] = {db_vm_suspend_sr(view, vm), db_pool_suspend_image_sr(view, pool),
                                db_host_suspend_image_sr(view, host),
                                db_pool_default_sr(view, pool)};
    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
        if (db_sr_exists(view, candidates[i])) {
            return candidates[i];
        }
    }
    return (SrRef){{{0}}};
}

/* A guest that could not be saved runs on. */
static bool save_domain(Call *call, VmRef vm, VdiRef vdi, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *hv = platform_hv_driver(platform);
    const DbView *view = call_view(call);
    Uuid domain = vm_domain_uuid(view, vm);
    const HvImage *images;
    unsigned count;
    if (!vm_plan_images(call, view, vdi, &images, &count, err)) {
        return false;
    }
    if (hv->domain_save(platform_hv(platform), call->op, domain, &images[0], err)) {
        return true;
    }
    g_autoptr(Op) undo_op = core_undo_op();
    hv->domain_set_paused(platform_hv(platform), undo_op, domain, false, NULL);
    return false;
}

/* Unless it was shut down by force meanwhile. */
static bool write_suspended(Call *call, VmRef vm, VdiRef image, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (!vm_state_check_up(db_txn_view(txn), vm, err)) {
        db_abort(txn);
        return false;
    }
    vm_state_set_suspended(txn, vm, image);
    return db_commit(txn, err);
}

static bool resume(Call *call, VmRef vm, bool paused, bool force, Err **err)
{
    const DbView *view = call_view(call);
    VdiRef image = db_vm_suspend_vdi(view, vm);
    const HvImage *saved;
    unsigned count;
    if (!db_vdi_exists(view, image)) {
        return err_internal(err, "VM %s has no suspend image; shut it down by force",
                            db_vm_uuid(view, vm));
    }
    if (!vm_plan_images(call, view, image, &saved, &count, err)) {
        return false;
    }
    const VmBoot how = {.paused = paused, .force = force, .saved = saved};
    if (!vm_boot(call, vm, &how, err)) {
        return false;
    }
    vdi_disk_destroy(call, image, NULL); /* one that stays is only space */
    alert_vm(call, vm, "VM_RESUMED", ALERT_INFORMATION, "resumed on host");
    return true;
}
