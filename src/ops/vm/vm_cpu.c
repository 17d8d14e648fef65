/* The vendor counts, too: processors of two vendors have other instructions for the same. */
#include "ops/vm/vm_cpu.h"

#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_pool.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/host/host_cpu.h"

#define VENDOR   "vendor"
#define FEATURES "features"
/* A key of pool.other_config: which features count when a guest is to go on elsewhere. */
#define MASK_KEY "cpuid_feature_mask"
/* 6.2's; the bit that is not set is of the processor's speed, which no guest controls. */
#define MASK_DEFAULT "ffffff7f-ffffffff-ffffffff-ffffffff"
/* By it a guest looks for its hypervisor, and would not find Xen without. */
#define HYPERVISOR (UINT32_C(1) << 31)

static bool read_seen(const DbView *view, VmRef vm, CpuFeatures *ret);
static CpuFeatures read_mask(const DbView *view);

/* A guest of which nothing is written down booted when nothing could be hidden. */
bool vm_cpu_check(const DbView *view, VmRef vm, HostRef host, Err **err)
{
    const char *vendor = db_vm_last_boot_cpu_flags_get(view, vm, VENDOR);
    const char *vendor_here = db_host_cpu_info_get(view, host, VENDOR);
    CpuFeatures seen = {{0}};
    if (db_vm_power_state(view, vm) == VM_POWER_STATE_HALTED) {
        return true;
    }
    if (vendor && !text_equal(vendor, vendor_here)) {
        g_autofree char *reason =
            g_strdup_printf("It booted on processors of %s; those of this host are of %s", vendor,
                            vendor_here ? vendor_here : "nobody");
        return err_vm_incompatible_with_this_host(err, REF_TEXT(vm.id), REF_TEXT(host.id), reason);
    }
    (void)read_seen(view, vm, &seen);
    CpuFeatures lacking = cpu_features_both(
        cpu_features_without(seen, host_cpu_physical(view, host)), read_mask(view));
    if (cpu_features_are_none(lacking)) {
        return true;
    }
    char text[CPU_FEATURES_TEXT_SIZE];
    g_autofree char *reason = g_strdup_printf(
        "It booted with CPU features that this host lacks: %s", cpu_features_format(lacking, text));
    return err_vm_incompatible_with_this_host(err, REF_TEXT(vm.id), REF_TEXT(host.id), reason);
}

void vm_cpu_plan(const DbView *view, VmRef vm, HostRef host, bool goes_on, HvDomainConfig *config)
{
    CpuFeatures physical = host_cpu_physical(view, host);
    CpuFeatures seen = physical;
    if (!goes_on) {
        seen = host_cpu_level(view, host);
    } else {
        (void)read_seen(view, vm, &seen);
    }
    CpuFeatures hidden = cpu_features_without(physical, seen);
    memcpy(config->cpu_hidden, hidden.words, sizeof config->cpu_hidden);
    config->cpu_hidden[HV_CPU_ECX] &= ~HYPERVISOR;
}

void vm_cpu_write(DbTxn *txn, VmRef vm, HostRef host, const HvDomainConfig *config)
{
    const DbView *view = db_txn_view(txn);
    CpuFeatures seen =
        cpu_features_without(host_cpu_physical(view, host), cpu_features_of(config->cpu_hidden));
    char text[CPU_FEATURES_TEXT_SIZE];
    const char *vendor = db_host_cpu_info_get(view, host, VENDOR);
    Value *flags = value_new_struct(2);
    value_struct_add(flags, VENDOR, value_new_string(vendor ? vendor : ""));
    value_struct_add(flags, FEATURES, value_new_string(cpu_features_format(seen, text)));
    db_vm_set_last_boot_cpu_flags(txn, vm, flags);
}

static bool read_seen(const DbView *view, VmRef vm, CpuFeatures *ret)
{
    const char *text = db_vm_last_boot_cpu_flags_get(view, vm, FEATURES);
    return text && cpu_features_parse(text, ret);
}

static CpuFeatures read_mask(const DbView *view)
{
    g_autoptr(GArray) pools = db_pool_all(view);
    const char *text =
        pools->len > 0 ? db_pool_other_config_get(view, g_array_index(pools, PoolRef, 0), MASK_KEY)
                       : NULL;
    CpuFeatures mask;
    if (!text || !cpu_features_parse(text, &mask)) {
        (void)cpu_features_parse(MASK_DEFAULT, &mask);
    }
    return mask;
}
