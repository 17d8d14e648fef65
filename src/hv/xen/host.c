/* The machine as the hypervisor has it: dom0's own /proc knows a part of the processors only. */
#include "base/fd.h"
#include "hv/cpuinfo.h"
#include "hv/xen/hooks.h"
#include "hv/xen/xen.h"

#include <xenguest.h>

#define PROC_LIMIT     ((size_t)4 * 1024 * 1024)
#define OVERHEAD       ((uint64_t)64 * 1024 * 1024) /* a device model, in dom0's memory */
#define NANOS_PER_USEC 1000
#define KHZ_PER_MHZ    1000
#define KIB            1024

static bool xen_host_physical(Hv *hv, libxl_physinfo *physical, Err **err);
static void xen_host_features(Hv *hv, HvHostInfo *info);
static void xen_host_control_domain(Hv *hv, HvHostInfo *info);
static GArray *xen_host_idle(Hv *hv, unsigned count, Err **err);

bool xen_host_info(Hv *hv, HvHostInfo *ret_info, Err **err)
{
    g_autofree char *cpuinfo = fd_read_file("/proc/cpuinfo", PROC_LIMIT, NULL, err);
    libxl_physinfo physical;
    libxl_physinfo_init(&physical);
    if (!cpuinfo || !xen_host_physical(hv, &physical, err)) {
        return false;
    }
    const libxl_version_info *version = libxl_get_version_info(hv->ctx);
    HvHostInfo info = {.domain_overhead_bytes = OVERHEAD};
    hv_cpuinfo_parse(cpuinfo, &info);
    unsigned per_socket = MAX(physical.threads_per_core * physical.cores_per_socket, 1);
    uint64_t page = version ? (uint64_t)version->pagesize : 0;
    info.cpu_count = physical.nr_cpus;
    info.socket_count = MAX(physical.nr_cpus / per_socket, 1);
    info.cpu_mhz = physical.cpu_khz / KHZ_PER_MHZ;
    info.memory_total = physical.total_pages * page;
    info.memory_free = (physical.free_pages + physical.scrub_pages) * page;
    g_strlcpy(info.accelerator, "xen", sizeof info.accelerator);
    if (version) {
        g_snprintf(info.engine_version, sizeof info.engine_version, "Xen %d.%d%s",
                   version->xen_version_major, version->xen_version_minor,
                   version->xen_version_extra);
    }
    libxl_physinfo_dispose(&physical);
    xen_host_features(hv, &info);
    xen_host_control_domain(hv, &info);
    *ret_info = info;
    return true;
}

bool xen_host_stats(Hv *hv, HvHostStats *ret_stats, Err **err)
{
    libxl_physinfo physical;
    libxl_physinfo_init(&physical);
    if (!xen_host_physical(hv, &physical, err)) {
        return false;
    }
    const libxl_version_info *version = libxl_get_version_info(hv->ctx);
    uint64_t page = version ? (uint64_t)version->pagesize : 0;
    g_auto(HvHostStats) stats = {
        .memory_total = physical.total_pages * page,
        .memory_free = (physical.free_pages + physical.scrub_pages) * page,
    };
    unsigned count = physical.nr_cpus;
    libxl_physinfo_dispose(&physical);
    double load[1] = {0};
    (void)getloadavg(load, 1);
    stats.load_average = load[0];
    stats.cpus = xen_host_idle(hv, count, err);
    if (!stats.cpus) {
        return false;
    }
    *ret_stats = stats;
    stats = (HvHostStats){0};
    return true;
}

static bool xen_host_physical(Hv *hv, libxl_physinfo *physical, Err **err)
{
    int code = libxl_get_physinfo(hv->ctx, physical);
    return code == 0 || err_internal(err, "cannot ask Xen for the machine's memory: %s",
                                     libxl_error_to_string(code));
}

/* Of HVM guests; of PV guests where it has no others.  What the control domain sees of CPUID is not
 * what guests do.  Xen's order of words begins with 1 EDX, 1 ECX, 0x80000001 EDX and ECX. */
static void xen_host_features(Hv *hv, HvHostInfo *info)
{
    static const unsigned of_guests[] = {XEN_SYSCTL_cpu_featureset_hvm,
                                         XEN_SYSCTL_cpu_featureset_pv};
    static const unsigned words[HV_CPU_WORDS] = {1, 0, 3, 2};
    uint32_t count = xc_get_cpu_featureset_size();
    g_autofree uint32_t *set = g_new0(uint32_t, MAX(count, G_N_ELEMENTS(words)));
    for (unsigned i = 0; i < G_N_ELEMENTS(of_guests); i++) {
        if (xc_get_cpu_featureset(hv->control, of_guests[i], &count, set) == 0) {
            for (unsigned j = 0; j < G_N_ELEMENTS(words); j++) {
                info->cpu_features[j] = set[words[j]];
            }
            return;
        }
    }
    hv_cpuinfo_read_features(info);
}

static void xen_host_control_domain(Hv *hv, HvHostInfo *info)
{
    libxl_dominfo domain;
    libxl_dominfo_init(&domain);
    if (libxl_domain_info(hv->ctx, &domain, 0) == 0) {
        info->control_memory_bytes = domain.current_memkb * KIB;
        info->control_vcpus = domain.vcpu_online;
    }
    libxl_dominfo_dispose(&domain);
}

/* Xen tells how long each processor idled; the rest of the time it was busy.  The two clocks are
 * not read at one instant, and what is told must not go back. */
static GArray *xen_host_idle(Hv *hv, unsigned count, Err **err)
{
    g_autofree xc_cpuinfo_t *idle = g_new0(xc_cpuinfo_t, count);
    int told = 0;
    if (xc_getcpuinfo(hv->control, (int)count, idle, &told) < 0) {
        err_errno(err, errno, "cannot ask Xen how busy the processors are");
        return NULL;
    }
    uint64_t now = (uint64_t)g_get_monotonic_time() * NANOS_PER_USEC;
    LOCK_GUARD(&hv->lock);
    g_array_set_size(hv->busy, MAX(hv->busy->len, (guint)told));
    for (int i = 0; i < told; i++) {
        uint64_t *busy = &g_array_index(hv->busy, uint64_t, i);
        *busy = MAX(*busy, now > idle[i].idletime ? now - idle[i].idletime : 0);
    }
    return g_array_copy(hv->busy);
}
