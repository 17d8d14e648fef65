/* Round-robin archives in memory: what was measured of one object, finer the younger it is.
 *
 * The arithmetic is rrdtool's: samples come at any time, are spread over steps of five seconds
 * (primary data points), and archives consolidate so and so many steps into one row.  A sample
 * below or above the bounds of its series counts as the bound, as in XenServer, where rrdtool would
 * not know it.  Unknown values are NAN everywhere.
 *
 * librrd does not serve here: it cuts names after 19 characters, keeps every archive in a file of
 * full length, and touches each of those files at every sample.  These archives grow with what they
 * hold, and rows are single precision: the text of a row has no more digits that mean anything.
 *
 * Not thread-safe, no I/O, no clock: times are seconds since the epoch and come from outside.
 * rrd_text.h writes archives, rrd_parse.h reads them, rrd_table.h answers what is new. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum {
    RRD_STEP = 5,         /* seconds of a primary data point */
    RRD_HEARTBEAT = 300,  /* what happened in a longer gap between samples is unknown */
    RRD_MAX_SERIES = 512, /* of one object */
    RRD_MAX_NAME = 64,    /* bytes of a series' name, with the NUL */
};

typedef enum RrdType {
    RRD_GAUGE,    /* the sample is the value */
    RRD_DERIVE,   /* a counter: the value is its growth per second */
    RRD_ABSOLUTE, /* a counter that restarts with every sample */
    RRD_TYPE_COUNT,
} RrdType;

typedef enum RrdCf { RRD_AVERAGE, RRD_MIN, RRD_MAX, RRD_LAST, RRD_CF_COUNT } RrdCf;

/* How many rows of how many steps: ten minutes, two hours, a week, a year. */
typedef struct RrdTimescale {
    unsigned steps, rows;
} RrdTimescale;
enum { RRD_TIMESCALES = 4 };
extern const RrdTimescale rrd_timescales[RRD_TIMESCALES];

typedef struct RrdSource {
    const char *name; /* [A-Za-z0-9_.-], shorter than RRD_MAX_NAME */
    RrdType type;
    double min, max; /* -INFINITY and INFINITY where there is no bound */
} RrdSource;

typedef struct Rrd Rrd;

/* Averages of every timescale; with `extremes` also the least and the greatest of all but the
 * finest.  It begins at `now`. (owned) */
Rrd *rrd_new(bool extremes, double now);
Rrd *rrd_copy(const Rrd *rrd); /* (owned) */
void rrd_free(Rrd *rrd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rrd, rrd_free)

/* Series are numbered in the order they were added in; removing one closes the gap. */
unsigned rrd_count(const Rrd *rrd);
const char *rrd_name(const Rrd *rrd, unsigned series); /* (borrowed) */
int rrd_find(const Rrd *rrd, const char *name);        /* -1: there is none */
/* Without history; at most RRD_MAX_SERIES. Fails for a name that is taken or not allowed. */
bool rrd_add(Rrd *rrd, const RrdSource *source, Err **err);
void rrd_remove(Rrd *rrd, unsigned series);

double rrd_last_update(const Rrd *rrd);

/* Takes one sample of every series; `values` are in the order of the series. A clock that was set
 * back by up to RRD_HEARTBEAT makes samples count for nothing until the old time comes again;
 * what is later than a clock that was set back further is forgotten. */
void rrd_update(Rrd *rrd, double now, const double *values);
/* The next samples of counters are no growth of what was before: the counted thing is new. */
void rrd_forget_counters(Rrd *rrd);

/* The value of the newest whole step, in full precision. */
double rrd_newest(const Rrd *rrd, unsigned series);
/* The row that ends at `time`, a multiple of the timescale's seconds. */
double rrd_get(const Rrd *rrd, unsigned timescale, RrdCf cf, unsigned series, int64_t time);
bool rrd_has(const Rrd *rrd, unsigned timescale, RrdCf cf);
