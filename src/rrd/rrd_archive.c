/* One archive: steps come in, rows come out. */
#include "rrd/rrd_priv.h"

#include <math.h>
#include <string.h>

/* Rows of a new archive. It grows as it fills, so that a young one is small. */
enum { FIRST_CAPACITY = 8 };

static void feed_prep(const RrdArchive *archive, RrdPrep *prep, double value, int64_t count);
static float finish_prep(const RrdArchive *archive, const RrdPrep *prep);
static void make_room(RrdArchive *archive, unsigned series_count);
static size_t row_at(const RrdArchive *archive, unsigned age);

/* The first row is what was collected before and the steps that complete it; every later one
 * consists of nothing but equal steps, and is their value. */
void rrd_archive_feed(RrdArchive *archive, int64_t first, int64_t elapsed, const double *values,
                      unsigned series_count)
{
    int64_t missing = archive->steps - first % archive->steps;
    bool is_complete = elapsed >= missing;
    for (unsigned i = 0; i < series_count; i++) {
        feed_prep(archive, &archive->preps[i], values[i], MIN(elapsed, missing));
    }
    if (!is_complete) {
        return;
    }
    g_autofree float *row = g_new(float, series_count);
    for (unsigned i = 0; i < series_count; i++) {
        row[i] = finish_prep(archive, &archive->preps[i]);
    }
    rrd_archive_push(archive, row, series_count);
    int64_t rest = elapsed - missing;
    for (unsigned i = 0; i < series_count; i++) {
        row[i] = (float)values[i];
        archive->preps[i] = (RrdPrep){NAN, 0};
        feed_prep(archive, &archive->preps[i], values[i], rest % archive->steps);
    }
    for (int64_t left = MIN(rest / archive->steps, archive->row_count); left > 0; left--) {
        rrd_archive_push(archive, row, series_count);
    }
}

double rrd_archive_get(const RrdArchive *archive, unsigned age, unsigned series,
                       unsigned series_count)
{
    return age < archive->used ? archive->rows[row_at(archive, age) * series_count + series] : NAN;
}

void rrd_archive_push(RrdArchive *archive, const float *row, unsigned series_count)
{
    make_room(archive, series_count);
    if (series_count > 0) {
        memcpy(archive->rows + (size_t)archive->next * series_count, row,
               sizeof *row * series_count);
    }
    archive->next = (archive->next + 1) % archive->row_count;
    archive->used = MIN(archive->used + 1, archive->row_count);
}

/* Once rows were dropped from a full archive the rest does not begin in front any more: then it has
 * its full room, and keeps it. */
void rrd_archive_drop(RrdArchive *archive, int64_t count)
{
    unsigned dropped = (unsigned)CLAMP(count, 0, (int64_t)archive->used);
    archive->used -= dropped;
    archive->next = (archive->next + archive->row_count - dropped) % archive->row_count;
    if (archive->used == 0) {
        archive->next = 0;
    }
}

void rrd_archive_add_series(RrdArchive *archive, unsigned series_count)
{
    unsigned wider = series_count + 1;
    float *rows = g_new(float, (size_t)archive->capacity *wider);
    for (size_t i = 0; i < archive->capacity; i++) {
        if (series_count > 0) {
            memcpy(rows + i * wider, archive->rows + i * series_count, sizeof *rows * series_count);
        }
        rows[i * wider + series_count] = NAN;
    }
    g_free(archive->rows);
    archive->rows = rows;
    archive->preps = g_renew(RrdPrep, archive->preps, wider);
    archive->preps[series_count] = (RrdPrep){NAN, 0};
}

void rrd_archive_remove_series(RrdArchive *archive, unsigned series, unsigned series_count)
{
    size_t narrower = series_count - 1;
    size_t behind = narrower - series;
    for (size_t i = 0; i < archive->capacity; i++) {
        float *to = archive->rows + i * narrower;
        const float *from = archive->rows + i * series_count;
        memmove(to, from, sizeof *to * series);
        memmove(to + series, from + series + 1, sizeof *to * behind);
    }
    memmove(archive->preps + series, archive->preps + series + 1, sizeof(RrdPrep) * behind);
}

RrdArchive rrd_archive_copy(const RrdArchive *archive, unsigned series_count)
{
    RrdArchive copy = *archive;
    copy.preps = g_memdup2(archive->preps, sizeof(RrdPrep) * series_count);
    copy.rows = g_memdup2(archive->rows, sizeof(float) * archive->capacity * series_count);
    return copy;
}

void rrd_archive_clear(RrdArchive *archive)
{
    g_clear_pointer(&archive->preps, g_free);
    g_clear_pointer(&archive->rows, g_free);
}

static void feed_prep(const RrdArchive *archive, RrdPrep *prep, double value, int64_t count)
{
    if (isnan(value)) {
        prep->unknown += (unsigned)count;
        return;
    }
    if (count == 0) {
        return;
    }
    switch (archive->cf) {
    case RRD_AVERAGE:
        prep->value = (isnan(prep->value) ? 0 : prep->value) + value * (double)count;
        break;
    case RRD_MIN:
        prep->value = fmin(prep->value, value); /* of a number and NAN, the number */
        break;
    case RRD_MAX:
        prep->value = fmax(prep->value, value);
        break;
    case RRD_LAST:
    case RRD_CF_COUNT:
        prep->value = value;
        break;
    }
}

static float finish_prep(const RrdArchive *archive, const RrdPrep *prep)
{
    if (prep->unknown >= archive->steps || prep->unknown > archive->steps * archive->xff) {
        return NAN;
    }
    bool is_sum = archive->cf == RRD_AVERAGE;
    return (float)(is_sum ? prep->value / (archive->steps - prep->unknown) : prep->value);
}

/* Only an archive that has its full room goes round: until then the next row is behind the last. */
static void make_room(RrdArchive *archive, unsigned series_count)
{
    if (archive->used < archive->capacity || archive->capacity == archive->row_count) {
        return;
    }
    archive->capacity = MIN(MAX(archive->capacity * 2, FIRST_CAPACITY), archive->row_count);
    archive->rows = g_renew(float, archive->rows, (size_t)archive->capacity *series_count);
}

static size_t row_at(const RrdArchive *archive, unsigned age)
{
    return (archive->next + archive->row_count - 1 - age) % archive->row_count;
}
