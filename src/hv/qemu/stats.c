/* What is measured of domains and of the machine: from /proc, and what only QEMU knows from it. */
#include "base/fd.h"
#include "base/text.h"
#include "hv/qemu/device.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/host.h"
#include "hv/qemu/qemu.h"

#define PROC_FILE_LIMIT  ((size_t)4096)
#define PROC_STAT_LIMIT  ((size_t)4 * 1024 * 1024) /* grows with processors and interrupts */
#define NANOS_PER_SECOND UINT64_C(1000000000)
/* Fields of /proc/PID/stat behind the program's name, counted from "state" (proc(5)). */
#define STAT_USER_TIME   11
#define STAT_SYSTEM_TIME 12
/* QEMU's answer tells of every image of every chain, and must fit into one message. */
#define MAX_IMAGES 400

static uint64_t qemu_stats_cpu_time(pid_t pid);
static uint64_t qemu_stats_resident(pid_t pid);
static GArray *qemu_stats_vcpus(QemuDomain *domain, Op *op, const HvDomainInfo *info, Err **err);
static GArray *qemu_stats_threads(QemuDomain *domain, Op *op, unsigned vcpus, Err **err);
static bool qemu_stats_thread_time(pid_t pid, pid_t thread, uint64_t *ret_ns);
static GArray *qemu_stats_disks(QemuDomain *domain, Op *op, Err **err);
static bool qemu_stats_disk(QemuDomain *domain, const Value *entry, HvDiskStats *ret_disk);
static char *qemu_stats_disk_id(const Value *entry);
static uint64_t qemu_stats_number(const Value *counters, const char *name);
static unsigned qemu_stats_count_images(QemuDomain *domain);
static uint64_t qemu_stats_ticks(uint64_t ticks);
static bool qemu_stats_busy(const char *line, uint64_t *ret_ns);

bool qemu_stats_domain(Hv *hv, Op *op, Uuid uuid, HvDomainStats *ret_stats, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    HvDomainInfo info;
    if (!domain || !qemu_info_domain(hv, uuid, &info, err)) {
        return false;
    }
    if (info.state == HV_STATE_GONE) {
        return err_internal(err, "domain %s has just ended", domain->name);
    }
    g_auto(HvDomainStats) stats = {
        .cpu_time_ns = qemu_stats_cpu_time(info.domid),
        .memory_bytes = info.memory_bytes,
        .resident_bytes = qemu_stats_resident(info.domid),
    };
    stats.vcpus = qemu_stats_vcpus(domain, op, &info, err);
    stats.disks = stats.vcpus ? qemu_stats_disks(domain, op, err) : NULL;
    if (!stats.disks) {
        return false;
    }
    *ret_stats = stats;
    stats = (HvDomainStats){0};
    return true;
}

bool qemu_stats_host(Hv *hv, HvHostStats *ret_stats, Err **err)
{
    (void)hv;
    g_autofree char *stat = fd_read_file("/proc/stat", PROC_STAT_LIMIT, NULL, err);
    HvHostStats stats = {0};
    double load[1] = {0};
    if (!stat || !qemu_host_read_memory(&stats.memory_total, &stats.memory_free, err)) {
        return false;
    }
    stats.cpus = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (const char *line = stat; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        uint64_t busy_ns;
        if (qemu_stats_busy(line, &busy_ns)) {
            g_array_append_val(stats.cpus, busy_ns);
        }
    }
    (void)getloadavg(load, 1);
    stats.load_average = load[0];
    *ret_stats = stats;
    return true;
}

/* Nanoseconds in user and system mode; 0 when the process has just ended. */
static uint64_t qemu_stats_cpu_time(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = fd_read_file(path, PROC_FILE_LIMIT, NULL, NULL);
    /* The name may hold spaces and parentheses. */
    const char *rest = text ? strrchr(text, ')') : NULL;
    if (!rest || strlen(rest) < 2) {
        return 0;
    }
    g_auto(GStrv) fields = g_strsplit(rest + 2, " ", STAT_SYSTEM_TIME + 2);
    uint64_t in_user, in_kernel;
    if (g_strv_length(fields) <= STAT_SYSTEM_TIME ||
        !text_parse_uint(fields[STAT_USER_TIME], UINT64_MAX, &in_user) ||
        !text_parse_uint(fields[STAT_SYSTEM_TIME], UINT64_MAX, &in_kernel)) {
        return 0;
    }
    return qemu_stats_ticks(in_user + in_kernel);
}

static uint64_t qemu_stats_resident(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", pid);
    g_autofree char *text = fd_read_file(path, PROC_FILE_LIMIT, NULL, NULL);
    g_auto(GStrv) fields = g_strsplit(text ? text : "", " ", 3);
    uint64_t pages;
    if (g_strv_length(fields) < 2 || !text_parse_uint(fields[1], UINT64_MAX, &pages)) {
        return 0;
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Threads that were known and are gone belonged to vCPUs that were replaced: QEMU is asked anew. */
static GArray *qemu_stats_vcpus(QemuDomain *domain, Op *op, const HvDomainInfo *info, Err **err)
{
    g_autoptr(GArray) threads = qemu_stats_threads(domain, op, info->vcpus, err);
    if (!threads) {
        return NULL;
    }
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (guint i = 0; i < threads->len; i++) {
        uint64_t ns;
        if (!qemu_stats_thread_time(info->domid, g_array_index(threads, pid_t, i), &ns)) {
            LOCK_GUARD(&domain->lock);
            g_clear_pointer(&domain->vcpu_threads, g_array_unref);
            err_internal(err, "a vCPU of domain %s has just gone", domain->name);
            return NULL;
        }
        g_array_append_val(times, ns);
    }
    return g_steal_pointer(&times);
}

/* They stay the same for as many vCPUs, so that QEMU is asked once. Array of pid_t. (owned) */
static GArray *qemu_stats_threads(QemuDomain *domain, Op *op, unsigned vcpus, Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        if (domain->vcpu_threads && domain->vcpu_threads->len == vcpus) {
            return g_array_copy(domain->vcpu_threads);
        }
    }
    g_autoptr(Value) answer = NULL;
    if (!qmp_call(domain->qmp, op, "query-cpus-fast", NULL, &answer, err)) {
        return NULL;
    }
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(pid_t));
    for (unsigned i = 0; i < value_count(answer); i++) {
        const Value *thread = value_get(value_at(answer, i), "thread-id");
        pid_t id = thread ? (pid_t)value_int(thread) : 0;
        g_array_append_val(threads, id);
    }
    LOCK_GUARD(&domain->lock);
    g_clear_pointer(&domain->vcpu_threads, g_array_unref);
    domain->vcpu_threads = g_array_copy(threads);
    return threads;
}

/* "run_ns wait_ns slices". */
static bool qemu_stats_thread_time(pid_t pid, pid_t thread, uint64_t *ret_ns)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/schedstat", pid, thread);
    g_autofree char *text = fd_read_file(path, PROC_FILE_LIMIT, NULL, NULL);
    char *space = text ? strchr(text, ' ') : NULL;
    if (!space) {
        return false;
    }
    *space = '\0';
    return text_parse_uint(text, UINT64_MAX, ret_ns);
}

/* None where QEMU would have to tell of too many images. */
static GArray *qemu_stats_disks(QemuDomain *domain, Op *op, Err **err)
{
    GArray *disks = g_array_new(FALSE, FALSE, sizeof(HvDiskStats));
    unsigned images = qemu_stats_count_images(domain);
    if (images == 0 || images > MAX_IMAGES) {
        return disks;
    }
    g_autoptr(Value) answer = NULL;
    if (!qmp_call(domain->qmp, op, "query-blockstats", NULL, &answer, err)) {
        g_array_unref(disks);
        return NULL;
    }
    for (unsigned i = 0; i < value_count(answer); i++) {
        HvDiskStats disk;
        if (qemu_stats_disk(domain, value_at(answer, i), &disk)) {
            g_array_append_val(disks, disk);
        }
    }
    return disks;
}

static bool qemu_stats_disk(QemuDomain *domain, const Value *entry, HvDiskStats *ret_disk)
{
    const Value *counters = value_get(entry, "stats");
    g_autofree char *id = qemu_stats_disk_id(entry);
    if (!counters || !id || strlen(id) >= HV_ID_SIZE) {
        return false;
    }
    {
        LOCK_GUARD(&domain->lock);
        const BlockDisk *disk = block_disk_find(domain->record->disks, id);
        if (!disk || disk->nodes->len == 0) {
            return false;
        }
    }
    *ret_disk = (HvDiskStats){
        .read_bytes = qemu_stats_number(counters, "rd_bytes"),
        .written_bytes = qemu_stats_number(counters, "wr_bytes"),
        .reads = qemu_stats_number(counters, "rd_operations"),
        .writes = qemu_stats_number(counters, "wr_operations"),
        .read_ns = qemu_stats_number(counters, "rd_total_time_ns"),
        .write_ns = qemu_stats_number(counters, "wr_total_time_ns"),
    };
    g_strlcpy(ret_disk->id, id, sizeof ret_disk->id);
    return true;
}

/* From "disk-<id>" or "/machine/peripheral/disk-<id>/virtio-backend"; NULL for what is none.
 * (owned)
 */
static char *qemu_stats_disk_id(const Value *entry)
{
    const char *device = value_get_string(entry, "qdev");
    g_auto(GStrv) parts = g_strsplit(device ? device : "", "/", -1);
    for (unsigned i = 0; parts[i]; i++) {
        const char *id = qemu_device_disk_of(parts[i]);
        if (id) {
            return g_strdup(id);
        }
    }
    return NULL;
}

static uint64_t qemu_stats_number(const Value *counters, const char *name)
{
    const Value *number = value_get(counters, name);
    return number ? (uint64_t)MAX(value_int(number), 0) : 0;
}

static unsigned qemu_stats_count_images(QemuDomain *domain)
{
    unsigned count = 0;
    LOCK_GUARD(&domain->lock);
    for (guint i = 0; i < domain->record->disks->len; i++) {
        const BlockDisk *disk = g_ptr_array_index(domain->record->disks, i);
        count += disk->nodes->len;
    }
    return count;
}

static uint64_t qemu_stats_ticks(uint64_t ticks)
{
    return ticks * (NANOS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* "cpu0 user nice system idle iowait irq softirq steal guest guest_nice"; the time of guests is
 * within user and nice. False for every other line. */
static bool qemu_stats_busy(const char *line, uint64_t *ret_ns)
{
    enum { IDLE = 4, IOWAIT = 5, STEAL = 8 };
    if (!g_str_has_prefix(line, "cpu") || !g_ascii_isdigit(line[3])) {
        return false;
    }
    g_autofree char *text = g_strndup(line, strcspn(line, "\n"));
    g_auto(GStrv) fields = g_strsplit(text, " ", -1);
    uint64_t ticks = 0;
    for (unsigned i = 1; fields[i] && i <= STEAL; i++) {
        uint64_t number;
        if (!text_parse_uint(fields[i], UINT64_MAX, &number)) {
            return false;
        }
        ticks += i == IDLE || i == IOWAIT ? 0 : number;
    }
    *ret_ns = qemu_stats_ticks(ticks);
    return true;
}
