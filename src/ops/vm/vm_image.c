/* Suspend images are raw: the engine writes them once, from one end to the other. */
#include "ops/vm/vm_image.h"

#include "gen/db_host.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_plan.h"

/* An image whose VM may not come to be. */
typedef struct NewImage {
    Call *call;
    VdiRef vdi;
} NewImage;

static SrRef choose_sr(Call *call, VmRef vm);
static void push_undo(Call *call, VdiRef image, Undo *undo);
static void destroy_new(void *user);
static bool check_there(Call *call, VmRef vm, Err **err);

bool vm_image_create(Call *call, VmRef vm, Undo *undo, VdiRef *ret_image, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    SrRef sr = choose_sr(call, vm);
    if (sr_ref_is_null(sr)) {
        return err_vm_no_suspend_sr(err, REF_TEXT(vm.id));
    }
    /* A domain that merges cannot be saved. */
    if (!vdi_merge_stop_vm(call, vm, err)) {
        return false;
    }
    const VdiDiskSpec spec = {.sr = sr,
                              .virtual_size = platform_hv_driver(platform)->domain_save_size(
                                  platform_hv(platform), vm_domain_uuid(view, vm)),
                              .type = VDI_TYPE_SUSPEND,
                              .name_label = "Suspend image",
                              .name_description = "Suspend image",
                              .format = "raw"};
    if (!vdi_disk_create(call, &spec, ret_image, err)) {
        return false;
    }
    push_undo(call, *ret_image, undo);
    return true;
}

bool vm_image_copy(Call *call, VmRef vm, VdiCopyKind kind, Undo *undo, VdiRef *ret_image, Err **err)
{
    VdiRef image = db_vm_suspend_vdi(call_view(call), vm);
    if (!check_there(call, vm, err) || !vdi_disk_duplicate(call, image, kind, ret_image, err)) {
        return false;
    }
    push_undo(call, *ret_image, undo);
    return true;
}

bool vm_image_save(Call *call, VmRef vm, VdiRef image, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    const HvImage *images;
    unsigned count;
    return vm_plan_images(call, view, image, &images, &count, err) &&
           platform_hv_driver(platform)->domain_save(platform_hv(platform), call->op,
                                                     vm_domain_uuid(view, vm), &images[0], err);
}

bool vm_image_open(Call *call, VmRef vm, const HvImage **ret_saved, Err **err)
{
    const DbView *view = call_view(call);
    unsigned count;
    return check_there(call, vm, err) &&
           vm_plan_images(call, view, db_vm_suspend_vdi(view, vm), ret_saved, &count, err);
}

bool vm_image_drop(Call *call, VmRef vm, Err **err)
{
    const DbView *view = call_view(call);
    VdiRef image = db_vm_suspend_vdi(view, vm);
    return !db_vdi_exists(view, image) || vdi_disk_destroy(call, image, err);
}

/* The VM's own choice, else the pool's, the host's, the default; null when none exists. */
static SrRef choose_sr(Call *call, VmRef vm)
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

static void push_undo(Call *call, VdiRef image, Undo *undo)
{
    NewImage *made = arena_new0(call->arena, NewImage, 1);
    *made = (NewImage){call, image};
    undo_push(undo, destroy_new, made);
}

static void destroy_new(void *user)
{
    NewImage *made = user;
    vdi_disk_destroy(made->call, made->vdi, NULL);
}

static bool check_there(Call *call, VmRef vm, Err **err)
{
    const DbView *view = call_view(call);
    return db_vdi_exists(view, db_vm_suspend_vdi(view, vm)) ||
           err_vm_has_no_suspend_vdi(err, REF_TEXT(vm.id));
}
