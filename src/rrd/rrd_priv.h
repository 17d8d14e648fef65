/* What the files of this folder share: archives from the inside. */
#pragma once

#include "rrd/rrd.h"

typedef struct RrdSeries {
    GRefString *name;
    RrdType type;
    double min, max;
    double last;    /* the newest sample as it came */
    double sum;     /* of the present step: value times seconds */
    double unknown; /* seconds of the present step without a value */
    double newest;  /* the last whole step */
} RrdSeries;

/* A row in the making, of one series. */
typedef struct RrdPrep {
    double value;     /* of an average: the sum of the known steps; else the row's value so far */
    unsigned unknown; /* steps without a value */
} RrdPrep;

/* Rows of one timescale and one way to consolidate.  They lie one after the other, each with a
 * value of every series; `used` of at most `row_count` are there, the newest in front of `next`.
 * Rows that are not there are unknown. */
typedef struct RrdArchive {
    RrdCf cf;
    unsigned timescale;
    unsigned steps, row_count;
    double xff;     /* so large a part of a row's steps may be unknown */
    RrdPrep *preps; /* by series */
    float *rows;
    unsigned capacity; /* rows there is room for */
    unsigned used, next;
} RrdArchive;

struct Rrd {
    double last_update;
    GArray *series;   /* RrdSeries */
    GArray *archives; /* RrdArchive, the finest timescale first, in it by cf */
};

static inline RrdSeries *rrd_series_at(const Rrd *rrd, unsigned series)
{
    return &g_array_index(rrd->series, RrdSeries, series);
}

static inline RrdArchive *rrd_archive_at(const Rrd *rrd, unsigned archive)
{
    return &g_array_index(rrd->archives, RrdArchive, archive);
}

/* Consolidates `elapsed` steps, of which `first` is the number since the epoch, with these values
 * of the series each. */
void rrd_archive_feed(RrdArchive *archive, int64_t first, int64_t elapsed, const double *values,
                      unsigned series_count);
/* The value of the row `age` rows before the newest one. */
double rrd_archive_get(const RrdArchive *archive, unsigned age, unsigned series,
                       unsigned series_count);
/* Puts a row behind the newest one. */
void rrd_archive_push(RrdArchive *archive, const float *row, unsigned series_count);
/* Drops the newest `count` rows. */
void rrd_archive_drop(RrdArchive *archive, int64_t count);
/* Room for one more series at the end, or for all but one. */
void rrd_archive_add_series(RrdArchive *archive, unsigned series_count);
void rrd_archive_remove_series(RrdArchive *archive, unsigned series, unsigned series_count);
/* An independent second one with the same content. */
RrdArchive rrd_archive_copy(const RrdArchive *archive, unsigned series_count);
void rrd_archive_clear(RrdArchive *archive);
