/* VM.suspend, resume and resume_on: the guest's memory goes to a VDI of type suspend and back. */
#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_image.h"
#include "ops/vm/vm_state.h"

static bool save_domain(Call *call, VmRef vm, VdiRef image, Err **err);
static bool write_suspended(Call *call, VmRef vm, VdiRef image, Err **err);
static bool resume(Call *call, VmRef vm, bool paused, bool force, Err **err);

bool vm_suspend(Call *call, const VmSuspendArgs *args, Err **err)
{
    g_auto(Undo) undo = {0};
    VdiRef image;
    if (!vm_image_create(call, args->vm, &undo, &image, err) ||
        !save_domain(call, args->vm, image, err) || !write_suspended(call, args->vm, image, err)) {
        return false;
    }
    undo_disarm(&undo);
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

/* A guest that could not be saved runs on. */
static bool save_domain(Call *call, VmRef vm, VdiRef image, Err **err)
{
    Platform *platform = call_platform(call);
    if (vm_image_save(call, vm, image, err)) {
        return true;
    }
    g_autoptr(Op) undo_op = core_undo_op();
    platform_hv_driver(platform)->domain_set_paused(
        platform_hv(platform), undo_op, vm_domain_uuid(call_view(call), vm), false, NULL);
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
    VdiRef image = db_vm_suspend_vdi(call_view(call), vm);
    VmBoot how = {.paused = paused, .force = force};
    if (!vm_image_open(call, vm, &how.saved, err) || !vm_boot(call, vm, &how, err)) {
        return false;
    }
    vdi_disk_destroy(call, image, NULL); /* one that stays is only space */
    alert_vm(call, vm, "VM_RESUMED", ALERT_INFORMATION, "resumed on host");
    return true;
}
