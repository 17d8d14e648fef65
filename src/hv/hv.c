/* What all engines share: the answer for hooks that an engine cannot serve, and the
 * ownership of guest information. */
#include "hv/hv.h"

void hv_guest_info_clear(HvGuestInfo *info)
{
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

bool hv_unsupported(const char *driver, const char *what, Err **err)
{
    return err_internal(err, "%s cannot %s", driver, what);
}
