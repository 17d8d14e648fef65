/* What is measured, where the database has fields for it: host_metrics, VM_metrics, PIF_metrics. */
#pragma once

#include "ops/metrics/metrics_collect.h"

/* `sets` is what a round saw. Nothing is written that has not changed; nothing of it is stored. */
void metrics_rows_write(Platform *platform, const GArray *sets);
