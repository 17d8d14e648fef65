/* Until it is complete the disk is of type suspend and belongs to nobody, so that one which a crash
 * of the daemon left is destroyed when its SR is plugged.  The guest's end is then heard of again,
 * and its memory dumped anew. */
#include "ops/vm/vm_dump.h"

#include "gen/db_crashdump.h"
#include "gen/db_host.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_plan.h"

static SrRef choose_sr(Call *call);
static bool create_disk(Call *call, VmRef vm, SrRef sr, VdiRef *ret_vdi, Err **err);
static bool write_dump(Call *call, VmRef vm, VdiRef vdi, Err **err);
static bool add_row(Call *call, VmRef vm, VdiRef vdi, Err **err);

bool vm_dump_take(Call *call, VmRef vm, Err **err)
{
    VdiRef vdi;
    if (!(platform_hv_driver(call_platform(call))->caps & HV_CAP_DUMP)) {
        return err_internal(err, "the engine of this host cannot dump memory");
    }
    if (db_vm_crash_dumps_count(call_view(call), vm) >= VM_DUMP_MAX_KEPT) {
        return err_internal(err, "%d crash dumps of it are kept already", VM_DUMP_MAX_KEPT);
    }
    SrRef sr = choose_sr(call);
    if (sr_ref_is_null(sr)) {
        return err_vm_no_crashdump_sr(err, REF_TEXT(vm.id));
    }
    if (!create_disk(call, vm, sr, &vdi, err)) {
        return false;
    }
    if (write_dump(call, vm, vdi, err) && add_row(call, vm, vdi, err)) {
        return true;
    }
    vdi_disk_destroy(call, vdi, NULL);
    return false;
}

/* Null when none exists. */
static SrRef choose_sr(Call *call)
{
    const DbView *view = call_view(call);
    PoolRef pool = platform_pool(call_platform(call));
    HostRef host = platform_host(call_platform(call));
    const SrRef candidates[] = {db_pool_crash_dump_sr(view, pool),
                                db_host_crash_dump_sr(view, host), db_pool_default_sr(view, pool)};
    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
        if (db_sr_exists(view, candidates[i])) {
            return candidates[i];
        }
    }
    return (SrRef){{{0}}};
}

static bool create_disk(Call *call, VmRef vm, SrRef sr, VdiRef *ret_vdi, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    const VdiDiskSpec spec = {
        .sr = sr,
        .virtual_size = (int64_t)platform_hv_driver(platform)->domain_dump_size(
            platform_hv(platform), vm_domain_uuid(view, vm)),
        .type = VDI_TYPE_SUSPEND,
        .name_label = arena_printf(call->arena, "Crash dump of %s", db_vm_name_label(view, vm)),
        .name_description = "The memory of the VM when it crashed, as an ELF core file",
        .format = "raw"};
    return vdi_disk_create(call, &spec, ret_vdi, err);
}

static bool write_dump(Call *call, VmRef vm, VdiRef vdi, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    const HvImage *images;
    unsigned count;
    return vm_plan_images(call, view, vdi, &images, &count, err) &&
           platform_hv_driver(platform)->domain_dump(platform_hv(platform), call->op,
                                                     vm_domain_uuid(view, vm), &images[0], err);
}

static bool add_row(Call *call, VmRef vm, VdiRef vdi, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    CrashdumpRef dump = db_crashdump_create(txn);
    db_crashdump_set_vm(txn, dump, vm);
    db_crashdump_set_vdi(txn, dump, vdi);
    db_vdi_set_type(txn, vdi, VDI_TYPE_CRASHDUMP);
    return db_commit(txn, err);
}
