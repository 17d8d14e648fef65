/* One transaction, of fields that are not stored. */
#include "ops/metrics/metrics_rows.h"

#include "gen/db_host.h"
#include "gen/db_host_metrics.h"
#include "gen/db_pif.h"
#include "gen/db_pif_metrics.h"
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"

#include <string.h>

static void write_host(DbTxn *txn, HostRef host, const MetricsSet *set, int64_t now);
static void write_vm(DbTxn *txn, const MetricsSet *set, int64_t now);
static void write_pifs(DbTxn *txn, Platform *platform, const GArray *interfaces, int64_t now);
static void write_pif(DbTxn *txn, PifMetricsRef metrics, const NwInterface *interface, int64_t now);
static double value_of(const MetricsSet *set, MetricId id);

void metrics_rows_write(Platform *platform, const GArray *sets)
{
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    g_autoptr(GArray) interfaces =
        platform_nw_driver(platform)->interfaces(platform_nw(platform), NULL);
    DbTxn *txn = db_begin(platform_db(platform));
    for (guint i = 0; i < sets->len; i++) {
        const MetricsSet *set = &g_array_index(sets, MetricsSet, i);
        if (set->is_readable && set->owner == METRICS_HOST) {
            write_host(txn, platform_host(platform), set, now);
        } else if (set->is_readable && set->owner == METRICS_VM) {
            write_vm(txn, set, now);
        }
    }
    if (interfaces) {
        write_pifs(txn, platform, interfaces, now);
    }
    db_commit_async(txn);
}

static void write_host(DbTxn *txn, HostRef host, const MetricsSet *set, int64_t now)
{
    const DbView *view = db_txn_view(txn);
    HostMetricsRef metrics = db_host_metrics(view, host);
    int64_t total = (int64_t)value_of(set, METRIC_HOST_MEMORY_TOTAL) * 1024;
    int64_t unused = (int64_t)value_of(set, METRIC_HOST_MEMORY_FREE) * 1024;
    if (db_host_metrics_memory_total(view, metrics) != total ||
        db_host_metrics_memory_free(view, metrics) != unused) {
        db_host_metrics_set_memory_total(txn, metrics, total);
        db_host_metrics_set_memory_free(txn, metrics, unused);
        db_host_metrics_set_last_updated(txn, metrics, now);
    }
}

/* The VM may have stopped since. */
static void write_vm(DbTxn *txn, const MetricsSet *set, int64_t now)
{
    const DbView *view = db_txn_view(txn);
    VmRef vm = db_vm_by_uuid(view, UUID_TEXT(set->uuid));
    VmMetricsRef metrics = db_vm_metrics(view, vm);
    int64_t bytes = (int64_t)value_of(set, METRIC_VM_MEMORY);
    if (db_vm_power_state(view, vm) == VM_POWER_STATE_RUNNING &&
        db_vm_domid(view, vm) == set->domid &&
        db_vm_metrics_memory_actual(view, metrics) != bytes) {
        db_vm_metrics_set_memory_actual(txn, metrics, bytes);
        db_vm_metrics_set_last_updated(txn, metrics, now);
    }
}

static void write_pifs(DbTxn *txn, Platform *platform, const GArray *interfaces, int64_t now)
{
    const DbView *view = db_txn_view(txn);
    HostRef host = platform_host(platform);
    g_autoptr(GArray) pifs = db_host_pifs_array(view, host);
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        for (guint j = 0; j < interfaces->len; j++) {
            const NwInterface *interface = &g_array_index(interfaces, NwInterface, j);
            if (db_pif_physical(view, pif) &&
                strcmp(interface->name, db_pif_device(view, pif)) == 0) {
                write_pif(txn, db_pif_metrics(view, pif), interface, now);
            }
        }
    }
}

static void write_pif(DbTxn *txn, PifMetricsRef metrics, const NwInterface *interface, int64_t now)
{
    const DbView *view = db_txn_view(txn);
    int64_t speed = MAX(interface->speed_mbps, 0);
    if (db_pif_metrics_carrier(view, metrics) != interface->carrier ||
        db_pif_metrics_speed(view, metrics) != speed ||
        db_pif_metrics_duplex(view, metrics) != interface->full_duplex) {
        db_pif_metrics_set_carrier(txn, metrics, interface->carrier);
        db_pif_metrics_set_speed(txn, metrics, speed);
        db_pif_metrics_set_duplex(txn, metrics, interface->full_duplex);
        db_pif_metrics_set_last_updated(txn, metrics, now);
    }
}

/* 0 where it was not seen. */
static double value_of(const MetricsSet *set, MetricId id)
{
    for (guint i = 0; i < set->metrics->len; i++) {
        const Metric *metric = &g_array_index(set->metrics, Metric, i);
        if (metric->kind == &metric_kinds[id]) {
            return metric->value;
        }
    }
    return 0;
}
