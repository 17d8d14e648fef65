/* Watches what is measured for what other_config:perfmon of VMs, hosts and repositories asks, and
 * writes an ALARM message when a value was bad for as long as that says; then that variable is
 * quiet for a while.  One thread at a time. */
#pragma once

#include "ops/platform.h"

struct Metrics;
typedef struct Alarms Alarms;

Alarms *alarms_new(Platform *platform); /* (owned) */
void alarms_free(Alarms *alarms);

/* After each round, at its time. */
void alarms_check(Alarms *alarms, struct Metrics *metrics, double now);
