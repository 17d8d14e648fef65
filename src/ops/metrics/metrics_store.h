/* Archives on disk: <state_dir>/rrds/<uuid>.gz, rrdtool's XML, packed.  A file holds the old or the
 * new content whatever happens; one that cannot be read costs its history and nothing else. */
#pragma once

#include "base/uuid.h"
#include "rrd/rrd.h"

typedef struct MetricsStore MetricsStore;

MetricsStore *metrics_store_new(const char *state_dir); /* (owned) */
void metrics_store_free(MetricsStore *store);

/* What was put is on disk, and takes the place of what was there, when commit returns: many files
 * at the price of one flush.  Failures are logged: there is nobody who could do something. */
void metrics_store_put(MetricsStore *store, Uuid uuid, const Rrd *rrd);
void metrics_store_commit(MetricsStore *store);

/* (owned) NULL when there is none, or it is damaged, which is logged. */
Rrd *metrics_store_load(MetricsStore *store, Uuid uuid);
void metrics_store_remove(MetricsStore *store, Uuid uuid);

/* Removes what belongs to nothing any more, and what a crash left half-written. */
void metrics_store_sweep(MetricsStore *store, bool (*is_wanted)(void *user, Uuid uuid), void *user);
