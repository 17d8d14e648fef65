/* Samples into steps. What becomes of the steps is in rrd_archive.c. */
#include "rrd/rrd.h"

#include "rrd/rrd_priv.h"

#include <math.h>
#include <string.h>

const RrdTimescale rrd_timescales[RRD_TIMESCALES] = {{1, 120}, {12, 120}, {720, 168}, {17280, 366}};

static const char NAME_CHARS[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

static void clear_series(gpointer series);
static void clear_archive(gpointer archive);
static void add_archive(Rrd *rrd, unsigned timescale, RrdCf cf, double xff);
static const RrdArchive *find_archive(const Rrd *rrd, unsigned timescale, RrdCf cf);
static int64_t step_of(double time);
static double end_of(int64_t step);
static void turn_back(Rrd *rrd, double now);
static double rate_of(RrdSeries *series, double sample, double interval);
static void gather(RrdSeries *series, double rate, double seconds);
static double value_of_step(const RrdSeries *series);
static double within_bounds(const RrdSeries *series, double value);
static void feed_archives(Rrd *rrd, int64_t first, int64_t elapsed, const double *steps);

/* The finest rows are single steps, of which average, least and greatest are the same. Beside
 * extremes an average needs but one known step, so that the three tell of the same rows. */
Rrd *rrd_new(bool extremes, double now)
{
    Rrd *rrd = g_new0(Rrd, 1);
    rrd->last_update = now;
    rrd->series = g_array_new(FALSE, FALSE, sizeof(RrdSeries));
    g_array_set_clear_func(rrd->series, clear_series);
    rrd->archives = g_array_new(FALSE, FALSE, sizeof(RrdArchive));
    g_array_set_clear_func(rrd->archives, clear_archive);
    for (unsigned i = 0; i < RRD_TIMESCALES; i++) {
        bool has_extremes = extremes && rrd_timescales[i].steps > 1;
        add_archive(rrd, i, RRD_AVERAGE, has_extremes ? 1.0 : 0.5);
        if (has_extremes) {
            add_archive(rrd, i, RRD_MIN, 1.0);
            add_archive(rrd, i, RRD_MAX, 1.0);
        }
    }
    return rrd;
}

Rrd *rrd_copy(const Rrd *rrd)
{
    Rrd *copy = g_new0(Rrd, 1);
    copy->last_update = rrd->last_update;
    copy->series = g_array_copy(rrd->series);
    g_array_set_clear_func(copy->series, clear_series);
    for (guint i = 0; i < copy->series->len; i++) {
        g_ref_string_acquire(rrd_series_at(copy, i)->name);
    }
    copy->archives = g_array_copy(rrd->archives);
    g_array_set_clear_func(copy->archives, clear_archive);
    for (guint i = 0; i < copy->archives->len; i++) {
        *rrd_archive_at(copy, i) = rrd_archive_copy(rrd_archive_at(rrd, i), rrd->series->len);
    }
    return copy;
}

void rrd_free(Rrd *rrd)
{
    if (rrd) {
        g_array_unref(rrd->series);
        g_array_unref(rrd->archives);
        g_free(rrd);
    }
}

unsigned rrd_count(const Rrd *rrd)
{
    return rrd->series->len;
}

const char *rrd_name(const Rrd *rrd, unsigned series)
{
    return rrd_series_at(rrd, series)->name;
}

int rrd_find(const Rrd *rrd, const char *name)
{
    for (guint i = 0; i < rrd->series->len; i++) {
        if (strcmp(rrd_series_at(rrd, i)->name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* The rows that were in the making when it came have missed some of their steps. */
bool rrd_add(Rrd *rrd, const RrdSource *source, Err **err)
{
    size_t length = strlen(source->name);
    if (length == 0 || length >= RRD_MAX_NAME || strspn(source->name, NAME_CHARS) != length) {
        return err_internal(err, "%.*s is no name of a data source", RRD_MAX_NAME, source->name);
    }
    if (rrd_find(rrd, source->name) >= 0) {
        return err_internal(err, "there is a data source %s already", source->name);
    }
    if (rrd->series->len >= RRD_MAX_SERIES) {
        return err_internal(err, "more than %d data sources of one object are not recorded",
                            RRD_MAX_SERIES);
    }
    for (guint i = 0; i < rrd->archives->len; i++) {
        RrdArchive *archive = rrd_archive_at(rrd, i);
        rrd_archive_add_series(archive, rrd->series->len);
        archive->preps[rrd->series->len].unknown =
            (unsigned)(step_of(rrd->last_update) % archive->steps);
    }
    const RrdSeries series = {
        .name = g_ref_string_new_intern(source->name),
        .type = source->type,
        .min = source->min,
        .max = source->max,
        .last = NAN,
        .unknown = rrd->last_update - end_of(step_of(rrd->last_update) - 1),
        .newest = NAN,
    };
    g_array_append_val(rrd->series, series);
    return true;
}

void rrd_remove(Rrd *rrd, unsigned series)
{
    for (guint i = 0; i < rrd->archives->len; i++) {
        rrd_archive_remove_series(rrd_archive_at(rrd, i), series, rrd->series->len);
    }
    g_array_remove_index(rrd->series, series);
}

double rrd_last_update(const Rrd *rrd)
{
    return rrd->last_update;
}

/* A sample tells of the time since the one before: of the rest of the step that was begun, of whole
 * steps, and of the beginning of one. */
void rrd_update(Rrd *rrd, double now, const double *values)
{
    if (now <= rrd->last_update) {
        turn_back(rrd, now);
        return;
    }
    unsigned count = rrd->series->len;
    double interval = now - rrd->last_update;
    int64_t first = step_of(rrd->last_update);
    int64_t elapsed = step_of(now) - first;
    double before = MIN(interval, end_of(first) - rrd->last_update);
    double after = now - end_of(first + elapsed - 1);
    g_autofree double *rates = g_new(double, count + 1);
    g_autofree double *steps = g_new(double, count + 1);
    for (unsigned i = 0; i < count; i++) {
        RrdSeries *series = rrd_series_at(rrd, i);
        rates[i] = rate_of(series, values[i], interval);
        gather(series, rates[i], before);
        steps[i] = value_of_step(series);
    }
    rrd->last_update = now;
    if (elapsed == 0) {
        return;
    }
    feed_archives(rrd, first, 1, steps);
    for (unsigned i = 0; i < count; i++) {
        RrdSeries *series = rrd_series_at(rrd, i);
        steps[i] = elapsed > 1 ? within_bounds(series, rates[i]) : steps[i];
        series->newest = steps[i];
        series->sum = series->unknown = 0;
        gather(series, rates[i], after);
    }
    if (elapsed > 1) {
        feed_archives(rrd, first + 1, elapsed - 1, steps);
    }
}

void rrd_forget_counters(Rrd *rrd)
{
    for (guint i = 0; i < rrd->series->len; i++) {
        rrd_series_at(rrd, i)->last = NAN;
    }
}

double rrd_newest(const Rrd *rrd, unsigned series)
{
    return rrd_series_at(rrd, series)->newest;
}

double rrd_get(const Rrd *rrd, unsigned timescale, RrdCf cf, unsigned series, int64_t time)
{
    const RrdArchive *archive = find_archive(rrd, timescale, cf);
    int64_t seconds = archive ? (int64_t)archive->steps * RRD_STEP : 1;
    int64_t age = (int64_t)rrd->last_update / seconds - time / seconds;
    if (!archive || age < 0 || age >= archive->row_count) {
        return NAN;
    }
    return rrd_archive_get(archive, (unsigned)age, series, rrd->series->len);
}

bool rrd_has(const Rrd *rrd, unsigned timescale, RrdCf cf)
{
    return find_archive(rrd, timescale, cf) != NULL;
}

static void clear_series(gpointer series)
{
    g_ref_string_release(((RrdSeries *)series)->name);
}

static void clear_archive(gpointer archive)
{
    rrd_archive_clear(archive);
}

static void add_archive(Rrd *rrd, unsigned timescale, RrdCf cf, double xff)
{
    const RrdArchive archive = {.cf = cf,
                                .timescale = timescale,
                                .steps = rrd_timescales[timescale].steps,
                                .row_count = rrd_timescales[timescale].rows,
                                .xff = xff};
    g_array_append_val(rrd->archives, archive);
}

static const RrdArchive *find_archive(const Rrd *rrd, unsigned timescale, RrdCf cf)
{
    for (guint i = 0; i < rrd->archives->len; i++) {
        const RrdArchive *archive = rrd_archive_at(rrd, i);
        if (archive->timescale == timescale && archive->cf == cf) {
            return archive;
        }
    }
    return NULL;
}

static int64_t step_of(double time)
{
    return (int64_t)time / RRD_STEP;
}

static double end_of(int64_t step)
{
    return (double)((step + 1) * RRD_STEP);
}

/* Forgets what is later than `now`, unless the time since then will soon have come anyway. */
static void turn_back(Rrd *rrd, double now)
{
    if (rrd->last_update - now <= RRD_HEARTBEAT) {
        return;
    }
    for (guint i = 0; i < rrd->archives->len; i++) {
        RrdArchive *archive = rrd_archive_at(rrd, i);
        int64_t newest = step_of(rrd->last_update) / archive->steps;
        rrd_archive_drop(archive, newest - step_of(now) / archive->steps);
        for (guint j = 0; j < rrd->series->len; j++) {
            unsigned passed = (unsigned)(step_of(now) % archive->steps);
            archive->preps[j] = (RrdPrep){NAN, passed};
        }
    }
    for (guint i = 0; i < rrd->series->len; i++) {
        RrdSeries *series = rrd_series_at(rrd, i);
        series->last = series->newest = NAN;
        series->sum = 0;
        series->unknown = now - end_of(step_of(now) - 1);
    }
    rrd->last_update = now;
}

/* A counter that went down was reset by something: its growth is unknown. */
static double rate_of(RrdSeries *series, double sample, double interval)
{
    double before = series->last;
    series->last = sample;
    if (interval > RRD_HEARTBEAT) {
        return NAN;
    }
    switch (series->type) {
    case RRD_DERIVE:
        return sample >= before ? (sample - before) / interval : NAN;
    case RRD_ABSOLUTE:
        return sample / interval;
    case RRD_GAUGE:
    case RRD_TYPE_COUNT:
        break;
    }
    return sample;
}

static void gather(RrdSeries *series, double rate, double seconds)
{
    if (isnan(rate)) {
        series->unknown += seconds;
    } else {
        series->sum += rate * seconds;
    }
}

/* More than half unknown is unknown. */
static double value_of_step(const RrdSeries *series)
{
    return series->unknown > RRD_STEP / 2.0
               ? NAN
               : within_bounds(series, series->sum / (RRD_STEP - series->unknown));
}

static double within_bounds(const RrdSeries *series, double value)
{
    return isnan(value) ? NAN : CLAMP(value, series->min, series->max);
}

static void feed_archives(Rrd *rrd, int64_t first, int64_t elapsed, const double *steps)
{
    for (guint i = 0; i < rrd->archives->len; i++) {
        rrd_archive_feed(rrd_archive_at(rrd, i), first, elapsed, steps, rrd->series->len);
    }
}
