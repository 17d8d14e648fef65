/* The kernel's backend counts requests and sectors; times it does not tell. */
#include "hv/xen/stats.h"

#include "base/fd.h"
#include "base/text.h"
#include "hv/xen/device.h"

#include <libxl_utils.h>

#define SECTOR_SIZE   512
#define COUNTER_LIMIT ((size_t)32)

static bool xen_stats_kernel(uint32_t domid, unsigned position, HvDiskStats *stats);
static bool xen_stats_counter(uint32_t domid, unsigned number, const char *name, uint64_t *ret);

GArray *xen_stats_vcpus(XenDomain *domain)
{
    uint32_t domid = xen_domain_domid(domain);
    unsigned wanted;
    {
        LOCK_GUARD(&domain->lock);
        wanted = domain->record->vcpus;
    }
    GArray *times = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    g_array_set_size(times, wanted);
    int count = 0, cpus = 0;
    libxl_vcpuinfo *vcpus = libxl_list_vcpu(domain->hv->ctx, domid, &count, &cpus);
    for (int i = 0; vcpus && i < count && i < (int)wanted; i++) {
        g_array_index(times, uint64_t, i) = vcpus[i].vcpu_time;
    }
    libxl_vcpuinfo_list_free(vcpus, count);
    return times;
}

GArray *xen_stats_disks(XenDomain *domain, Op *op)
{
    (void)op;
    GArray *disks = g_array_new(FALSE, TRUE, sizeof(HvDiskStats));
    LOCK_GUARD(&domain->lock);
    const XenRecord *record = domain->record;
    for (unsigned i = 0; i < record->disks->len; i++) {
        const XenDisk *disk = g_ptr_array_index(record->disks, i);
        if (!disk->path || strlen(disk->block.id) >= HV_ID_SIZE) {
            continue;
        }
        HvDiskStats stats = {0};
        g_strlcpy(stats.id, disk->block.id, sizeof stats.id);
        (void)xen_stats_kernel(record->domid, disk->block.position, &stats);
        g_array_append_val(disks, stats);
    }
    return disks;
}

static bool xen_stats_kernel(uint32_t domid, unsigned position, HvDiskStats *stats)
{
    uint64_t reads, writes, read_sectors, written_sectors;
    unsigned number = xen_device_number(position);
    if (!xen_stats_counter(domid, number, "rd_req", &reads) ||
        !xen_stats_counter(domid, number, "wr_req", &writes) ||
        !xen_stats_counter(domid, number, "rd_sect", &read_sectors) ||
        !xen_stats_counter(domid, number, "wr_sect", &written_sectors)) {
        return false;
    }
    stats->reads = reads;
    stats->writes = writes;
    stats->read_bytes = read_sectors * SECTOR_SIZE;
    stats->written_bytes = written_sectors * SECTOR_SIZE;
    return true;
}

static bool xen_stats_counter(uint32_t domid, unsigned number, const char *name, uint64_t *ret)
{
    g_autofree char *path = g_strdup_printf("/sys/bus/xen-backend/devices/vbd-%u-%u/statistics/%s",
                                            domid, number, name);
    g_autofree char *text = fd_read_file(path, COUNTER_LIMIT, NULL, NULL);
    return text && text_parse_uint(g_strstrip(text), UINT64_MAX, ret);
}
