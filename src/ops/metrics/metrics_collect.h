/* One round of looking: every data source of this host, of the VMs that run on it and of the
 * repositories attached to it, with its value now. */
#pragma once

#include "ops/metrics/metric_kind.h"
#include "ops/platform.h"

typedef enum MetricsOwner { METRICS_HOST, METRICS_VM, METRICS_SR } MetricsOwner;

typedef struct Metric {
    GRefString *name;
    const MetricKind *kind;
    char device[METRIC_DEVICE_SIZE];
    double value; /* NAN: not known just now */
} Metric;

/* What was seen of one object. */
typedef struct MetricsSet {
    MetricsOwner owner;
    Uuid uuid;
    int domid;        /* of a VM: another number, another start, other counters */
    bool is_readable; /* false: it is there, and is not to be sampled this time */
    GArray *metrics;  /* Metric, which it clears (owned) */
} MetricsSet;

typedef struct MetricsCollector MetricsCollector;

MetricsCollector *metrics_collector_new(Platform *platform); /* (owned) */
void metrics_collector_free(MetricsCollector *collector);

/* `op` ends the round: what was not asked by then is not readable. One thread at a time; may wait
 * for engines. Array of MetricsSet, which it clears. (owned) */
GArray *metrics_collect(MetricsCollector *collector, Op *op);
