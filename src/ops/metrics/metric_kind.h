/* What is measured: the data sources that hosts, VMs and repositories have, by the names, units and
 * bounds that clients of XenServer know. */
#pragma once

#include "rrd/rrd.h"

typedef enum MetricId {
    METRIC_HOST_CPU,
    METRIC_HOST_CPU_AVERAGE,
    METRIC_HOST_LOAD,
    METRIC_HOST_MEMORY_TOTAL,
    METRIC_HOST_MEMORY_FREE,
    METRIC_DAEMON_MEMORY,
    METRIC_DAEMON_FREE_MEMORY,
    METRIC_DAEMON_LIVE_MEMORY,
    METRIC_PIF_RX,
    METRIC_PIF_TX,
    METRIC_PIF_RX_ERRORS,
    METRIC_PIF_TX_ERRORS,
    METRIC_PIFS_RX,
    METRIC_PIFS_TX,
    METRIC_SR_READ_THROUGHPUT,
    METRIC_SR_WRITE_THROUGHPUT,
    METRIC_SR_THROUGHPUT,
    METRIC_SR_READS,
    METRIC_SR_WRITES,
    METRIC_SR_REQUESTS,
    METRIC_SR_READ_LATENCY,
    METRIC_SR_WRITE_LATENCY,
    METRIC_VM_CPU,
    METRIC_VM_CPU_USAGE,
    METRIC_VM_MEMORY,
    METRIC_VM_MEMORY_TARGET,
    METRIC_VM_MEMORY_FREE,
    METRIC_VIF_RX,
    METRIC_VIF_TX,
    METRIC_VIF_RX_ERRORS,
    METRIC_VIF_TX_ERRORS,
    METRIC_VBD_READ,
    METRIC_VBD_WRITE,
    METRIC_VBD_READ_LATENCY,
    METRIC_VBD_WRITE_LATENCY,
    METRIC_VBD_READS,
    METRIC_VBD_WRITES,
    METRIC_VBD_REQUESTS,
    METRIC_SR_SIZE,
    METRIC_SR_UTILISATION,
    METRIC_COUNT,
} MetricId;

typedef struct MetricKind {
    const char *name; /* %s stands for the device: "vif_%s_rx" */
    const char *description;
    const char *units;
    RrdType type;
    double min, max;
    bool is_standard; /* recorded unless somebody says otherwise */
} MetricKind;

extern const MetricKind metric_kinds[METRIC_COUNT];

enum { METRIC_DEVICE_SIZE = 16 }; /* of a device's name, with the NUL */

/* `pattern` with the device in it. (owned) */
char *metric_kind_text(const char *pattern, const char *device);
