/* What was measured on this host: an archive for the host, for each VM that runs on it and for each
 * repository attached to it, sampled every five seconds by one thread.
 *
 * Archives of VMs that do not run are on disk only, so that they cost no memory.  All are saved
 * every hour, when their VM stops and when the daemon does; more than an hour is never lost. */
#pragma once

#include "ops/metrics/metrics_collect.h"
#include "rrd/rrd_table.h"

typedef struct Metrics Metrics;

Metrics *metrics_new(Platform *platform); /* (owned) */
/* Begins to sample. */
bool metrics_start(Metrics *metrics, Err **err);
/* Ends sampling and saves everything. While the engine is still open. */
void metrics_stop(Metrics *metrics);
void metrics_free(Metrics *metrics); /* stops first */

/* One round, at `now` (seconds since the epoch).  The thread does it; tests do it in its place. */
void metrics_sample(Metrics *metrics, double now);

/* Saves everything when so many seconds are over. */
void metrics_save_later(Metrics *metrics, double delay);
/* Forgets an object that is no more. */
void metrics_remove(Metrics *metrics, const char *uuid);

/* Which objects /rrd_updates tells of. */
typedef struct MetricsChoice {
    bool host;
    bool all_vms;
    GHashTable *uuids; /* char *, lower case: VMs and repositories; NULL: none (borrowed) */
} MetricsChoice;

/* (owned) */
RrdTable *metrics_table(Metrics *metrics, const RrdQuery *query, const MetricsChoice *choice,
                        Err **err);
/* All that is known of one object, also of one that is not measured at present; NULL when that is
 * nothing. (owned) */
Rrd *metrics_copy(Metrics *metrics, const char *uuid);

/* The newest values of an object that is measured at present: appends names (owned by the array)
 * and doubles. False when it is not. */
bool metrics_newest(Metrics *metrics, const char *uuid, GPtrArray *names, GArray *values);

/* Data sources of one object.  Names that there are none of are INVALID_VALUE ["data-source",
 * name]; so is every name when the object is not measured at present. */
Value *metrics_sources(Metrics *metrics, const char *uuid); /* set of records (owned) */
bool metrics_query(Metrics *metrics, const char *uuid, const char *name, double *ret_value,
                   Err **err);
/* Records one that is not recorded by itself; success when it is already. */
bool metrics_record(Metrics *metrics, const char *uuid, const char *name, Err **err);
/* Forgets what was recorded. A standard one begins anew, the others are not recorded any more. */
bool metrics_forget(Metrics *metrics, const char *uuid, const char *name, Err **err);
