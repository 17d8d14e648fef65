/* One small check after the other; each reads only the database, the last one asks the engine how
 * much memory is left. */
#include "ops/vm/vm_check.h"
#include "ops/network/pif_link.h"

#include "gen/db_host.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/vm/vm_cpu.h"
#include "ops/vm/vm_state.h"

static bool check_vcpus(const DbView *view, VmRef vm, Err **err);
static bool check_host(Call *call, const DbView *view, Err **err);
static bool check_storage(Call *call, const DbView *view, VmRef vm, Err **err);
static bool check_networks(Call *call, const DbView *view, VmRef vm, Err **err);
static bool check_free_memory(Call *call, const DbView *view, VmRef vm, Err **err);

bool vm_check_is_hvm(const DbView *view, VmRef vm)
{
    return *db_vm_hvm_boot_policy(view, vm) != '\0';
}

bool vm_check_can_boot(Call *call, VmRef vm, bool force, Err **err)
{
    const DbView *view = call_view(call);
    VmMemory memory = vm_check_memory_of(view, vm);
    return check_vcpus(view, vm, err) && vm_check_memory(&memory, err) &&
           check_host(call, view, err) &&
           (force || vm_cpu_check(view, vm, platform_host(call_platform(call)), err)) &&
           check_storage(call, view, vm, err) && check_networks(call, view, vm, err) &&
           (force || check_free_memory(call, view, vm, err));
}

VmMemory vm_check_memory_of(const DbView *view, VmRef vm)
{
    return (VmMemory){.static_min = db_vm_memory_static_min(view, vm),
                      .dynamic_min = db_vm_memory_dynamic_min(view, vm),
                      .dynamic_max = db_vm_memory_dynamic_max(view, vm),
                      .static_max = db_vm_memory_static_max(view, vm)};
}

bool vm_check_memory(const VmMemory *memory, Err **err)
{
    bool ok = memory->static_min >= 0 && memory->static_min <= memory->dynamic_min &&
              memory->dynamic_min <= memory->dynamic_max &&
              memory->dynamic_max <= memory->static_max;
    return ok || err_memory_constraint_violation_order(err);
}

static bool check_vcpus(const DbView *view, VmRef vm, Err **err)
{
    int64_t max = db_vm_vcpus_max(view, vm);
    int64_t startup = db_vm_vcpus_at_startup(view, vm);
    g_autofree char *max_text = g_strdup_printf("%" G_GINT64_FORMAT, max);
    g_autofree char *startup_text = g_strdup_printf("%" G_GINT64_FORMAT, startup);
    if (max < 1) {
        return err_invalid_value(err, "VCPUs_max", max_text);
    }
    if (startup < 1) {
        return err_invalid_value(err, "VCPUs_at_startup", startup_text);
    }
    if (startup > max) {
        return err_value_not_supported(err, "VCPUs_at_startup", startup_text,
                                       "it is greater than VCPUs_max");
    }
    return true;
}

static bool check_host(Call *call, const DbView *view, Err **err)
{
    HostRef host = platform_host(call_platform(call));
    return db_host_enabled(view, host) || err_host_disabled(err, REF_TEXT(host.id));
}

static bool check_storage(Call *call, const DbView *view, VmRef vm, Err **err)
{
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        VbdRef vbd = db_vm_vbds_at(view, vm, i);
        if (db_vbd_empty(view, vbd) || !vm_state_brings_vbd(view, vbd)) {
            continue;
        }
        SrRef sr = db_vdi_sr(view, db_vbd_vdi(view, vbd));
        Uuid uuid;
        if (!uuid_parse(db_sr_uuid(view, sr), &uuid) ||
            !platform_has_sr(call_platform(call), uuid)) {
            return err_vm_requires_sr(err, REF_TEXT(vm.id), REF_TEXT(sr.id));
        }
    }
    return true;
}

/* An internal network is wherever its VMs are; one with PIFs needs one of them plugged here. */
static bool is_network_here(Call *call, const DbView *view, NetworkRef network)
{
    HostRef host = platform_host(call_platform(call));
    unsigned pifs = db_network_pifs_count(view, network);
    for (unsigned i = 0; i < pifs; i++) {
        PifRef pif = db_network_pifs_at(view, network, i);
        if (host_ref_equal(db_pif_host(view, pif), host) &&
            (db_pif_currently_attached(view, pif) || pif_link_may_rise(call, view, pif))) {
            return true;
        }
    }
    return pifs == 0 && db_network_exists(view, network);
}

static bool check_networks(Call *call, const DbView *view, VmRef vm, Err **err)
{
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        VifRef vif = db_vm_vifs_at(view, vm, i);
        NetworkRef network = db_vif_network(view, vif);
        if (vm_state_brings_vif(view, vif) && !is_network_here(call, view, network)) {
            return err_vm_requires_network(err, REF_TEXT(vm.id), REF_TEXT(network.id));
        }
    }
    return true;
}

static bool check_free_memory(Call *call, const DbView *view, VmRef vm, Err **err)
{
    Platform *platform = call_platform(call);
    HvHostInfo info;
    if (!platform_hv_driver(platform)->host_info(platform_hv(platform), &info, err)) {
        return false;
    }
    uint64_t needed = db_vm_memory_dynamic_min(view, vm) + info.domain_overhead_bytes;
    if (needed <= info.memory_free) {
        return true;
    }
    g_autofree char *needed_text = g_strdup_printf("%" G_GUINT64_FORMAT, needed);
    g_autofree char *free_text = g_strdup_printf("%" G_GUINT64_FORMAT, info.memory_free);
    return err_host_not_enough_free_memory(err, needed_text, free_text);
}
