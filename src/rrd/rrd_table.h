/* What /rrd_updates answers: the rows after some time of one timescale, of many objects at once,
 * newest first, in rrdtool's "xport" XML or in XenServer's JSON of it.
 *
 * The table copies what it needs, so that its long text can be made without holding a lock. */
#pragma once

#include "rrd/rrd_text.h"

/* Values of one table; more are refused. */
enum { RRD_TABLE_MAX_VALUES = 8 * 1024 * 1024 };

typedef struct RrdQuery {
    int64_t start;    /* rows that end later than this; negative: seconds before the newest */
    int64_t interval; /* a row is to span at least so many seconds */
    RrdCf cf;         /* RRD_CF_COUNT: all there are */
} RrdQuery;

typedef struct RrdTable RrdTable;

/* The rows up to `now`, of the finest timescale that is no finer than asked for and reaches back
 * to the start, else of the coarsest. (owned) */
RrdTable *rrd_table_new(const RrdQuery *query, double now);
void rrd_table_free(RrdTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RrdTable, rrd_table_free)

/* Adds the columns of an object: "AVERAGE:<prefix>:<series>". */
bool rrd_table_add(RrdTable *table, const char *prefix, const Rrd *rrd, Err **err);

GString *rrd_table_text(const RrdTable *table, RrdFormat format); /* (owned) */
