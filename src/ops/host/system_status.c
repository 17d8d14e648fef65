/* Nothing here holds passwords, keys or the database; of the configuration only the file of
 * settings goes in, which has none. */
#include "ops/host/system_status.h"

#include "gen/ops_host.h"
#include "ops/host/host_here.h"

static const char *const hardware[] = {"/proc/cpuinfo", "/proc/meminfo", "/proc/interrupts", NULL};
static const char *const kernel[] = {"/proc/version", "/proc/modules", "/proc/mounts",
                                     "/proc/loadavg", "/proc/uptime",  NULL};
static const char *const network[] = {"/proc/net/dev", "/proc/net/route", "/proc/net/arp", NULL};
static const char *const disks[] = {"/proc/partitions", "/proc/diskstats", "/proc/mdstat", NULL};

const SystemStatusEntry system_status_entries[] = {
    {"xenserver-logs", "Logs of the daemon and of the processes of guests", "maybe", NULL},
    {"xenserver-config", "Settings of the daemon", "no", NULL},
    {"hardware-info", "Processors and memory", "no", hardware},
    {"kernel-info", "The kernel and its modules", "no", kernel},
    {"network-status", "Interfaces, routes and neighbours", "maybe", network},
    {"disk-info", "Disks and partitions", "no", disks},
};
const size_t system_status_entry_count = G_N_ELEMENTS(system_status_entries);

bool host_get_system_status_capabilities(Call *call,
                                         const HostGetSystemStatusCapabilitiesArgs *args,
                                         char **ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    GString *xml = g_string_new("<?xml version=\"1.0\"?>\n<system-status-capabilities>\n");
    for (size_t i = 0; i < system_status_entry_count; i++) {
        const SystemStatusEntry *entry = &system_status_entries[i];
        g_string_append_printf(xml,
                               "<capability content-type=\"text/plain\" default-checked=\"yes\" "
                               "key=\"%s\" max-size=\"67108864\" max-time=\"60\" min-size=\"0\" "
                               "min-time=\"0\" pii=\"%s\" description=\"%s\"/>\n",
                               entry->key, entry->pii, entry->description);
    }
    *ret_result = g_string_free(g_string_append(xml, "</system-status-capabilities>\n"), FALSE);
    return true;
}
