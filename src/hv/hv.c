/* What all engines share: the answer for hooks that an engine cannot serve, the ownership of what
 * they tell, and sets of processors. */
#include "hv/hv.h"

#include <assert.h>

#define CPUS_PER_WORD 64

void hv_guest_info_clear(HvGuestInfo *info)
{
    g_clear_pointer(&info->store, g_strfreev);
    g_clear_pointer(&info->os_version, g_strfreev);
    g_clear_pointer(&info->networks, g_strfreev);
    g_clear_pointer(&info->memory, g_strfreev);
    g_clear_pointer(&info->other, g_strfreev);
    g_clear_pointer(&info->hostname, g_free);
    g_clear_pointer(&info->agent_version, g_free);
    info->alive = false;
}

void hv_domain_stats_clear(HvDomainStats *stats)
{
    g_clear_pointer(&stats->vcpus, g_array_unref);
    g_clear_pointer(&stats->disks, g_array_unref);
}

void hv_host_stats_clear(HvHostStats *stats)
{
    g_clear_pointer(&stats->cpus, g_array_unref);
}

void hv_cpu_set_add(HvCpuSet *set, unsigned cpu)
{
    assert(cpu < HV_CPUS_MAX);
    set->words[cpu / CPUS_PER_WORD] |= (uint64_t)1 << cpu % CPUS_PER_WORD;
}

bool hv_cpu_set_has(const HvCpuSet *set, unsigned cpu)
{
    return cpu < HV_CPUS_MAX && set->words[cpu / CPUS_PER_WORD] >> cpu % CPUS_PER_WORD & 1;
}

char *hv_no_host_messages(Hv *hv, bool clear, Err **err)
{
    (void)hv, (void)clear;
    err_internal(err, "this engine has no hypervisor that tells of itself");
    return NULL;
}

bool hv_no_host_debug_keys(Hv *hv, const char *keys, Err **err)
{
    (void)hv, (void)keys;
    return err_internal(err, "this engine has no hypervisor that takes debug keys");
}

bool hv_no_domain_set_shadow(Hv *hv, Op *op, Uuid domain, double multiplier, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)multiplier;
    return err_internal(err, "this engine sets no memory aside for page tables");
}

bool hv_no_domain_change_store(Hv *hv, Uuid domain, const HvStoreChange *changes, unsigned count,
                               Err **err)
{
    (void)hv, (void)domain, (void)changes, (void)count;
    return err_internal(err, "this engine has no store for guests");
}

bool hv_unsupported(const char *driver, const char *what, Err **err)
{
    return err_internal(err, "%s cannot %s", driver, what);
}
