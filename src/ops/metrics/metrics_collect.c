/* The host, then its VMs, then the repositories, to which the VMs' disks have added up. */
#include "ops/metrics/metrics_collect.h"

#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_pbd.h"
#include "gen/db_pif.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/db_vm_guest_metrics.h"
#include "ops/vif/vif_port.h"
#include "ops/vm/vm_state.h"

#include <malloc.h>
#include <math.h>

/* An engine that does not tell of a domain within this is left in peace for so many rounds. */
#define DOMAIN_LIMIT (500 * USEC_PER_MSEC)
enum { REST_ROUNDS = 12 };

static const double NANOS = 1e9;
static const double MIB = 1024 * 1024;

/* What the disks of one repository did, ever since the daemon started. */
typedef struct SrWork {
    Uuid sr; /* key of the table */
    HvDiskStats total;
    HvDiskStats round; /* in this round */
} SrWork;

typedef struct SeenDisk {
    HvDiskStats stats; /* its id is the key of the table */
    uint64_t round;
} SeenDisk;

typedef struct SlowDomain {
    Uuid uuid; /* key of the table */
    uint64_t until;
} SlowDomain;

struct MetricsCollector {
    Platform *platform;
    uint64_t round;
    GHashTable *disks; /* char * -> SeenDisk */
    GHashTable *srs;   /* Uuid * -> SrWork */
    GHashTable *slow;  /* Uuid * -> SlowDomain */
};

/* What a round works with. */
typedef struct Round {
    MetricsCollector *collector;
    Op *op;
    const DbView *view;
    GHashTable *counters; /* char * -> NwCounters */
    GArray *sets;
    uint64_t guests_bytes; /* resident in all the engine's processes */
    uint64_t used_bytes;   /* of the host's memory */
} Round;

static void clear_set(gpointer set);
static void clear_metric(gpointer metric);
static GHashTable *read_counters(Platform *platform);
static MetricsSet new_set(MetricsOwner owner, const char *uuid);
static void add(MetricsSet *set, MetricId id, const char *device, double value);
static void add_number(MetricsSet *set, MetricId id, unsigned device, double value);
static void collect_host(Round *round);
static void collect_daemon(MetricsSet *set);
static void collect_pifs(Round *round, MetricsSet *set);
static void collect_vm(Round *round, VmRef vm);
static bool ask_domain(Round *round, Uuid uuid, HvDomainStats *ret_stats);
static void collect_cpus(MetricsSet *set, const HvDomainStats *stats);
static void collect_memory(Round *round, VmRef vm, MetricsSet *set, uint64_t bytes);
static void collect_nics(Round *round, VmRef vm, MetricsSet *set);
static void collect_disk(Round *round, MetricsSet *set, const HvDiskStats *stats);
static HvDiskStats since_last_round(Round *round, const HvDiskStats *stats);
static void add_up(HvDiskStats *sum, const HvDiskStats *part);
static double latency(uint64_t ns, uint64_t requests);
static void collect_control_domain(Round *round, VmRef vm);
static void collect_srs(Round *round);
static SrWork *work_of(MetricsCollector *collector, Uuid sr);
static gboolean is_forgotten(gpointer key, gpointer disk, gpointer round);

MetricsCollector *metrics_collector_new(Platform *platform)
{
    MetricsCollector *collector = g_new0(MetricsCollector, 1);
    collector->platform = platform;
    collector->disks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    collector->srs = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, g_free);
    collector->slow = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, g_free);
    return collector;
}

void metrics_collector_free(MetricsCollector *collector)
{
    g_hash_table_unref(collector->disks);
    g_hash_table_unref(collector->srs);
    g_hash_table_unref(collector->slow);
    g_free(collector);
}

GArray *metrics_collect(MetricsCollector *collector, Op *op)
{
    Platform *platform = collector->platform;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    g_autoptr(GHashTable) counters = read_counters(platform);
    Round round = {.collector = collector,
                   .op = op,
                   .view = db_snapshot_view(snapshot),
                   .counters = counters,
                   .sets = g_array_new(FALSE, FALSE, sizeof(MetricsSet))};
    g_array_set_clear_func(round.sets, clear_set);
    collector->round++;
    collect_host(&round);
    HostRef host = platform_host(platform);
    for (unsigned i = 0; i < db_host_resident_vms_count(round.view, host); i++) {
        VmRef vm = db_host_resident_vms_at(round.view, host, i);
        if (!db_vm_is_control_domain(round.view, vm)) {
            collect_vm(&round, vm);
        }
    }
    collect_control_domain(&round, db_host_control_domain(round.view, host));
    collect_srs(&round);
    g_hash_table_foreach_remove(collector->disks, is_forgotten, &collector->round);
    return round.sets;
}

static void clear_set(gpointer set)
{
    g_array_unref(((MetricsSet *)set)->metrics);
}

static void clear_metric(gpointer metric)
{
    g_ref_string_release(((Metric *)metric)->name);
}

static GHashTable *read_counters(Platform *platform)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    g_autoptr(GArray) counters =
        platform_nw_driver(platform)->counters(platform_nw(platform), NULL);
    for (guint i = 0; counters && i < counters->len; i++) {
        NwCounters *one = g_memdup2(&g_array_index(counters, NwCounters, i), sizeof *one);
        g_hash_table_replace(table, one->name, one);
    }
    return table;
}

static MetricsSet new_set(MetricsOwner owner, const char *uuid)
{
    MetricsSet set = {.owner = owner,
                      .is_readable = true,
                      .metrics = g_array_sized_new(FALSE, FALSE, sizeof(Metric), 16)};
    g_array_set_clear_func(set.metrics, clear_metric);
    (void)uuid_parse(uuid, &set.uuid);
    return set;
}

static void add(MetricsSet *set, MetricId id, const char *device, double value)
{
    const MetricKind *kind = &metric_kinds[id];
    g_autofree char *name = metric_kind_text(kind->name, device);
    Metric metric = {g_ref_string_new_intern(name), kind, "", value};
    g_strlcpy(metric.device, device, sizeof metric.device);
    g_array_append_val(set->metrics, metric);
}

static void add_number(MetricsSet *set, MetricId id, unsigned device, double value)
{
    char text[METRIC_DEVICE_SIZE];
    g_snprintf(text, sizeof text, "%u", device);
    add(set, id, text, value);
}

static void collect_host(Round *round)
{
    Platform *platform = round->collector->platform;
    HostRef host = platform_host(platform);
    MetricsSet set = new_set(METRICS_HOST, db_host_uuid(round->view, host));
    g_auto(HvHostStats) stats = {0};
    set.is_readable = platform_hv_driver(platform)->host_stats(platform_hv(platform), &stats, NULL);
    double busy = 0;
    for (guint i = 0; stats.cpus && i < stats.cpus->len; i++) {
        double seconds = (double)g_array_index(stats.cpus, uint64_t, i) / NANOS;
        add_number(&set, METRIC_HOST_CPU, i, seconds);
        busy += seconds;
    }
    add(&set, METRIC_HOST_CPU_AVERAGE, "", stats.cpus ? busy / stats.cpus->len : NAN);
    add(&set, METRIC_HOST_LOAD, "", stats.load_average);
    add(&set, METRIC_HOST_MEMORY_TOTAL, "", (double)(stats.memory_total / 1024));
    add(&set, METRIC_HOST_MEMORY_FREE, "", (double)(stats.memory_free / 1024));
    round->used_bytes = stats.memory_total - MIN(stats.memory_total, stats.memory_free);
    collect_daemon(&set);
    collect_pifs(round, &set);
    g_array_append_val(round->sets, set);
}

/* Large blocks have mappings of their own, which are always in use. */
static void collect_daemon(MetricsSet *set)
{
    struct mallinfo2 heap = mallinfo2();
    add(set, METRIC_DAEMON_MEMORY, "", (double)((heap.arena + heap.hblkhd) / 1024));
    add(set, METRIC_DAEMON_FREE_MEMORY, "", (double)(heap.fordblks / 1024));
    add(set, METRIC_DAEMON_LIVE_MEMORY, "", (double)((heap.uordblks + heap.hblkhd) / 1024));
}

static void collect_pifs(Round *round, MetricsSet *set)
{
    HostRef host = platform_host(round->collector->platform);
    double received = 0, sent = 0;
    for (unsigned i = 0; i < db_host_pifs_count(round->view, host); i++) {
        PifRef pif = db_host_pifs_at(round->view, host, i);
        const char *device = db_pif_device(round->view, pif);
        const NwCounters *counters = g_hash_table_lookup(round->counters, device);
        if (!counters || db_pif_vlan(round->view, pif) >= 0) {
            continue; /* a VLAN's bytes are its device's too */
        }
        add(set, METRIC_PIF_RX, device, (double)counters->rx_bytes);
        add(set, METRIC_PIF_TX, device, (double)counters->tx_bytes);
        add(set, METRIC_PIF_RX_ERRORS, device, (double)counters->rx_errors);
        add(set, METRIC_PIF_TX_ERRORS, device, (double)counters->tx_errors);
        if (db_pif_physical(round->view, pif)) {
            received += (double)counters->rx_bytes;
            sent += (double)counters->tx_bytes;
        }
    }
    add(set, METRIC_PIFS_RX, "", received);
    add(set, METRIC_PIFS_TX, "", sent);
}

/* The memory of a domain that stands still says nothing, and one that is just being replaced (a
 * reboot) or does not answer has nothing to say: either way what is known of it stays as it is. */
static void collect_vm(Round *round, VmRef vm)
{
    const DbView *view = round->view;
    MetricsSet set = new_set(METRICS_VM, db_vm_uuid(view, vm));
    g_auto(HvDomainStats) stats = {0};
    set.domid = (int)db_vm_domid(view, vm);
    set.is_readable = db_vm_power_state(view, vm) == VM_POWER_STATE_RUNNING &&
                      ask_domain(round, set.uuid, &stats);
    if (set.is_readable) {
        collect_cpus(&set, &stats);
        collect_memory(round, vm, &set, stats.memory_bytes);
        collect_nics(round, vm, &set);
        for (guint i = 0; i < stats.disks->len; i++) {
            collect_disk(round, &set, &g_array_index(stats.disks, HvDiskStats, i));
        }
        round->guests_bytes += stats.resident_bytes;
    }
    g_array_append_val(round->sets, set);
}

static bool ask_domain(Round *round, Uuid uuid, HvDomainStats *ret_stats)
{
    MetricsCollector *collector = round->collector;
    SlowDomain *slow = g_hash_table_lookup(collector->slow, &uuid);
    if (slow && slow->until > collector->round) {
        return false;
    }
    g_hash_table_remove(collector->slow, &uuid);
    Platform *platform = collector->platform;
    g_autoptr(Op) op = op_new_child(round->op, DOMAIN_LIMIT);
    bool ok = platform_hv_driver(platform)->domain_stats(platform_hv(platform), op, uuid, ret_stats,
                                                         NULL);
    if (!ok && !op_check(op, NULL)) {
        slow = g_new0(SlowDomain, 1);
        *slow = (SlowDomain){uuid, collector->round + REST_ROUNDS};
        g_hash_table_replace(collector->slow, &slow->uuid, slow);
    }
    return ok;
}

static void collect_cpus(MetricsSet *set, const HvDomainStats *stats)
{
    double sum = 0;
    for (guint i = 0; i < stats->vcpus->len; i++) {
        double seconds = (double)g_array_index(stats->vcpus, uint64_t, i) / NANOS;
        add_number(set, METRIC_VM_CPU, i, seconds);
        sum += seconds;
    }
    add(set, METRIC_VM_CPU_USAGE, "", sum / MAX(stats->vcpus->len, 1));
}

static void collect_memory(Round *round, VmRef vm, MetricsSet *set, uint64_t bytes)
{
    const DbView *view = round->view;
    VmGuestMetricsRef guest = db_vm_guest_metrics(view, vm);
    const char *free_kib = db_vm_guest_metrics_memory_get(view, guest, "free");
    uint64_t number;
    add(set, METRIC_VM_MEMORY, "", (double)bytes);
    add(set, METRIC_VM_MEMORY_TARGET, "", (double)db_vm_memory_target(view, vm));
    if (free_kib && db_vm_guest_metrics_live(view, guest) &&
        text_parse_uint(free_kib, UINT64_MAX, &number)) {
        add(set, METRIC_VM_MEMORY_FREE, "", (double)number);
    }
}

/* What the guest receives, its port sends. */
static void collect_nics(Round *round, VmRef vm, MetricsSet *set)
{
    const DbView *view = round->view;
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        VifRef vif = db_vm_vifs_at(view, vm, i);
        char port[NW_NAME_SIZE];
        vif_port_format_name(view, vif, port);
        const NwCounters *counters = g_hash_table_lookup(round->counters, port);
        if (counters && db_vif_currently_attached(view, vif)) {
            const char *device = db_vif_device(view, vif);
            add(set, METRIC_VIF_RX, device, (double)counters->tx_bytes);
            add(set, METRIC_VIF_TX, device, (double)counters->rx_bytes);
            add(set, METRIC_VIF_RX_ERRORS, device, (double)counters->tx_errors);
            add(set, METRIC_VIF_TX_ERRORS, device, (double)counters->rx_errors);
        }
    }
}

static void collect_disk(Round *round, MetricsSet *set, const HvDiskStats *stats)
{
    const DbView *view = round->view;
    VbdRef vbd = db_vbd_by_uuid(view, stats->id);
    const char *device = db_vbd_device(view, vbd);
    if (!*device) {
        return;
    }
    HvDiskStats done = since_last_round(round, stats);
    add(set, METRIC_VBD_READ, device, (double)stats->read_bytes);
    add(set, METRIC_VBD_WRITE, device, (double)stats->written_bytes);
    add(set, METRIC_VBD_READ_LATENCY, device, latency(done.read_ns, done.reads));
    add(set, METRIC_VBD_WRITE_LATENCY, device, latency(done.write_ns, done.writes));
    add(set, METRIC_VBD_READS, device, (double)stats->reads);
    add(set, METRIC_VBD_WRITES, device, (double)stats->writes);
    add(set, METRIC_VBD_REQUESTS, device, (double)(stats->reads + stats->writes));
    Uuid sr;
    if (uuid_parse(db_sr_uuid(view, db_vdi_sr(view, db_vbd_vdi(view, vbd))), &sr)) {
        SrWork *work = work_of(round->collector, sr);
        add_up(&work->total, &done);
        add_up(&work->round, &done);
    }
}

/* Nothing for a disk that was not seen before, or whose counters began anew. */
static HvDiskStats since_last_round(Round *round, const HvDiskStats *now)
{
    MetricsCollector *collector = round->collector;
    SeenDisk *seen = g_hash_table_lookup(collector->disks, now->id);
    HvDiskStats done = {.id = ""};
    if (!seen) {
        seen = g_new0(SeenDisk, 1);
        seen->stats = *now;
        g_hash_table_insert(collector->disks, seen->stats.id, seen);
    }
    const HvDiskStats *then = &seen->stats;
    if (now->read_bytes >= then->read_bytes && now->written_bytes >= then->written_bytes &&
        now->reads >= then->reads && now->writes >= then->writes && now->read_ns >= then->read_ns &&
        now->write_ns >= then->write_ns) {
        done = (HvDiskStats){.read_bytes = now->read_bytes - then->read_bytes,
                             .written_bytes = now->written_bytes - then->written_bytes,
                             .reads = now->reads - then->reads,
                             .writes = now->writes - then->writes,
                             .read_ns = now->read_ns - then->read_ns,
                             .write_ns = now->write_ns - then->write_ns};
    }
    seen->stats = *now;
    seen->round = collector->round;
    return done;
}

static void add_up(HvDiskStats *sum, const HvDiskStats *part)
{
    sum->read_bytes += part->read_bytes;
    sum->written_bytes += part->written_bytes;
    sum->reads += part->reads;
    sum->writes += part->writes;
    sum->read_ns += part->read_ns;
    sum->write_ns += part->write_ns;
}

/* Microseconds a request; none were done, none took long. */
static double latency(uint64_t ns, uint64_t requests)
{
    return requests > 0 ? (double)ns / (double)requests / 1000 : 0;
}

/* The host's own system: what of its memory is neither free nor a guest's. */
static void collect_control_domain(Round *round, VmRef vm)
{
    if (db_vm_exists(round->view, vm)) {
        MetricsSet set = new_set(METRICS_VM, db_vm_uuid(round->view, vm));
        uint64_t own = round->used_bytes - MIN(round->used_bytes, round->guests_bytes);
        add(&set, METRIC_VM_MEMORY, "", (double)own);
        g_array_append_val(round->sets, set);
    }
}

/* The host counts what its VMs do on a repository; how full that is, is the repository's own. */
static void collect_srs(Round *round)
{
    const DbView *view = round->view;
    HostRef host = platform_host(round->collector->platform);
    for (unsigned i = 0; i < db_host_pbds_count(view, host); i++) {
        PbdRef pbd = db_host_pbds_at(view, host, i);
        SrRef sr = db_pbd_sr(view, pbd);
        if (!db_pbd_currently_attached(view, pbd)) {
            continue;
        }
        MetricsSet set = new_set(METRICS_SR, db_sr_uuid(view, sr));
        add(&set, METRIC_SR_SIZE, "", (double)db_sr_physical_size(view, sr));
        add(&set, METRIC_SR_UTILISATION, "", (double)db_sr_physical_utilisation(view, sr));
        char short_uuid[9];
        g_strlcpy(short_uuid, db_sr_uuid(view, sr), sizeof short_uuid);
        SrWork *work = work_of(round->collector, set.uuid);
        const HvDiskStats *total = &work->total;
        double read = (double)total->read_bytes / MIB;
        double written = (double)total->written_bytes / MIB;
        MetricsSet *machine = &g_array_index(round->sets, MetricsSet, 0);
        add(machine, METRIC_SR_READ_THROUGHPUT, short_uuid, read);
        add(machine, METRIC_SR_WRITE_THROUGHPUT, short_uuid, written);
        add(machine, METRIC_SR_THROUGHPUT, short_uuid, read + written);
        add(machine, METRIC_SR_READS, short_uuid, (double)total->reads);
        add(machine, METRIC_SR_WRITES, short_uuid, (double)total->writes);
        add(machine, METRIC_SR_REQUESTS, short_uuid, (double)(total->reads + total->writes));
        add(machine, METRIC_SR_READ_LATENCY, short_uuid,
            latency(work->round.read_ns, work->round.reads));
        add(machine, METRIC_SR_WRITE_LATENCY, short_uuid,
            latency(work->round.write_ns, work->round.writes));
        work->round = (HvDiskStats){.id = ""};
        g_array_append_val(round->sets, set);
    }
}

static SrWork *work_of(MetricsCollector *collector, Uuid sr)
{
    SrWork *work = g_hash_table_lookup(collector->srs, &sr);
    if (!work) {
        work = g_new0(SrWork, 1);
        work->sr = sr;
        g_hash_table_insert(collector->srs, &work->sr, work);
    }
    return work;
}

/* A disk that was unplugged, or whose VM ended, some rounds ago. */
static gboolean is_forgotten(gpointer key, gpointer disk, gpointer round)
{
    (void)key;
    return ((SeenDisk *)disk)->round + 2 * REST_ROUNDS < *(uint64_t *)round;
}
