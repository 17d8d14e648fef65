/* rrd/rrd.c and rrd_archive.c: what becomes of samples, against values worked out by hand. */
#include "rrd/rrd.h"

#include <math.h>

/* A multiple of a day: every timescale begins a row here. */
#define START (20000 * 86400.0)

static const RrdSource gauge = {"level", RRD_GAUGE, -INFINITY, INFINITY};
static const RrdSource counter = {"flow", RRD_DERIVE, 0, INFINITY};

enum { FIVE_SECONDS, MINUTE, HOUR, DAY };

static Rrd *new_rrd(const RrdSource *source, bool extremes)
{
    Rrd *rrd = rrd_new(extremes, START);
    g_assert_true(rrd_add(rrd, source, NULL));
    return rrd;
}

static void sample(Rrd *rrd, double after, double value)
{
    rrd_update(rrd, START + after, &value);
}

static double row(const Rrd *rrd, unsigned timescale, RrdCf cf, int64_t after)
{
    return rrd_get(rrd, timescale, cf, 0, (int64_t)START + after);
}

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon(a, b, 1e-6)
#define assert_unknown(a) g_assert_true(isnan(a))

static void test_gauge(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    for (unsigned i = 1; i <= 12; i++) {
        sample(rrd, i * 5, i);
    }
    for (unsigned i = 1; i <= 12; i++) {
        assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, i * 5), i);
    }
    assert_near(row(rrd, MINUTE, RRD_AVERAGE, 60), 6.5);
    assert_near(rrd_newest(rrd, 0), 12);
    assert_unknown(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 0));
    assert_unknown(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 65));
    assert_unknown(row(rrd, HOUR, RRD_AVERAGE, 3600));
    g_assert_false(rrd_has(rrd, MINUTE, RRD_MAX));
}

/* 2 for three seconds and 7 for the two that are left of the step: (2*3 + 7*2) / 5. */
static void test_between_steps(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    sample(rrd, 3, 2);
    assert_unknown(rrd_newest(rrd, 0));
    sample(rrd, 8, 7);
    assert_near(rrd_newest(rrd, 0), 4);
    sample(rrd, 10, 1);
    assert_near(rrd_newest(rrd, 0), (7 * 3 + 1 * 2) / 5.0);
}

static void test_counter(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&counter, false);
    sample(rrd, 5, 1000);
    assert_unknown(rrd_newest(rrd, 0));
    sample(rrd, 10, 1500);
    assert_near(rrd_newest(rrd, 0), 100);
    sample(rrd, 15, 1500);
    assert_near(rrd_newest(rrd, 0), 0);
    sample(rrd, 20, 200); /* reset by something */
    assert_unknown(rrd_newest(rrd, 0));
    sample(rrd, 25, 210);
    assert_near(rrd_newest(rrd, 0), 2);
    rrd_forget_counters(rrd);
    sample(rrd, 30, 1000000);
    assert_unknown(rrd_newest(rrd, 0));
    sample(rrd, 35, 1000005);
    assert_near(rrd_newest(rrd, 0), 1);
}

static void test_absolute(void)
{
    static const RrdSource absolute = {"events", RRD_ABSOLUTE, 0, INFINITY};
    g_autoptr(Rrd) rrd = new_rrd(&absolute, false);
    sample(rrd, 5, 10);
    assert_near(rrd_newest(rrd, 0), 2);
    sample(rrd, 10, 10);
    assert_near(rrd_newest(rrd, 0), 2);
}

/* Clocks are not that exact: a processor that was busy for 5.02 s in 5 s was simply busy. */
static void test_bounds(void)
{
    static const RrdSource fraction = {"cpu0", RRD_DERIVE, 0, 1};
    g_autoptr(Rrd) rrd = new_rrd(&fraction, false);
    sample(rrd, 5, 0);
    sample(rrd, 10, 5.02);
    assert_near(rrd_newest(rrd, 0), 1);
}

/* Half a minute may be unknown, and then the average is that of the rest. */
static void test_unknown_part(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    for (unsigned i = 1; i <= 24; i++) {
        bool is_known = i <= 12 ? i > 6 : i > 12 + 7;
        sample(rrd, i * 5, is_known ? i : NAN);
    }
    assert_near(row(rrd, MINUTE, RRD_AVERAGE, 60), (7 + 8 + 9 + 10 + 11 + 12) / 6.0);
    assert_unknown(row(rrd, MINUTE, RRD_AVERAGE, 120));
    assert_unknown(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 5));
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 120), 24);
}

/* Beside extremes one known step is enough. */
static void test_extremes(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, true);
    for (unsigned i = 1; i <= 12; i++) {
        sample(rrd, i * 5, i == 4 ? -3 : i == 9 ? 8 : i == 10 ? 1 : NAN);
    }
    for (unsigned i = 13; i <= 24; i++) {
        sample(rrd, i * 5, NAN);
    }
    g_assert_false(rrd_has(rrd, FIVE_SECONDS, RRD_MIN));
    assert_near(row(rrd, MINUTE, RRD_MIN, 60), -3);
    assert_near(row(rrd, MINUTE, RRD_MAX, 60), 8);
    assert_near(row(rrd, MINUTE, RRD_AVERAGE, 60), 2);
    assert_unknown(row(rrd, MINUTE, RRD_MIN, 120));
    assert_unknown(row(rrd, MINUTE, RRD_AVERAGE, 120));
}

/* A gap within the heartbeat is what the sample after it says, a longer one is unknown. The step
 * that the gap begins in has a part of both. */
static void test_gaps(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    sample(rrd, 5, 1);
    sample(rrd, 205, 3);
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 100), 3);
    assert_near(row(rrd, MINUTE, RRD_AVERAGE, 60), (1 + 11 * 3) / 12.0);
    assert_near(row(rrd, MINUTE, RRD_AVERAGE, 180), 3);
    sample(rrd, 205 + 310, 9);
    assert_unknown(rrd_newest(rrd, 0));
    assert_unknown(row(rrd, MINUTE, RRD_AVERAGE, 360));
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 205), 3);
    sample(rrd, 205 + 315, 9);
    assert_near(rrd_newest(rrd, 0), 9);
    sample(rrd, 523, 10);
    sample(rrd, 543.5, 20);
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 525), (10 * 3 + 20 * 2) / 5.0);
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 530), 20);
    assert_near(rrd_newest(rrd, 0), 20);
}

/* Archives hold so many rows and no more, across every size that they grow through. */
static void test_rows(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    for (unsigned i = 1; i <= 1000; i++) {
        sample(rrd, i * 5, i);
        for (unsigned j = i > 120 ? i - 119 : 1; j <= i; j++) {
            assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, j * 5), j);
        }
        assert_unknown(row(rrd, FIVE_SECONDS, RRD_AVERAGE, ((int64_t)i - 120) * 5));
    }
    sample(rrd, 86400 * 400, 1);
    assert_unknown(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 5000));
    assert_unknown(row(rrd, DAY, RRD_AVERAGE, 86400));
}

/* A year, every four minutes. */
static void test_year(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, true);
    for (unsigned i = 1; i <= 366 * 360; i++) {
        sample(rrd, i * 240.0, (i - 1) % 360 / 15); /* the hour */
    }
    for (unsigned day = 1; day <= 366; day++) {
        assert_near(row(rrd, DAY, RRD_AVERAGE, day * 86400), 11.5);
        assert_near(row(rrd, DAY, RRD_MIN, day * 86400), 0);
        assert_near(row(rrd, DAY, RRD_MAX, day * 86400), 23);
    }
    for (unsigned hour = 0; hour < 168; hour++) {
        assert_near(row(rrd, HOUR, RRD_AVERAGE, (366 * 24 - (int64_t)hour) * 3600), 23 - hour % 24);
    }
}

/* A clock set back a little is waited for; what is far in the future is not believed any more. */
static void test_clock(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    for (unsigned i = 1; i <= 200; i++) {
        sample(rrd, i * 5, i);
    }
    sample(rrd, 800, 999);
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 1000), 200);
    sample(rrd, 1005, 201);
    assert_near(rrd_newest(rrd, 0), 201);
    sample(rrd, 600, 999);
    g_assert_cmpfloat(rrd_last_update(rrd), ==, START + 600);
    sample(rrd, 605, 5);
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 605), 5);
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 600), 120);
    assert_near(row(rrd, MINUTE, RRD_AVERAGE, 600), (109 + 120) / 2.0);
    assert_unknown(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 610));
    sample(rrd, 610, 6);
    assert_near(row(rrd, FIVE_SECONDS, RRD_AVERAGE, 600), 120);
}

static void test_series(void)
{
    static const RrdSource second = {"second", RRD_GAUGE, -INFINITY, INFINITY};
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    for (unsigned i = 1; i <= 10; i++) {
        sample(rrd, i * 5, i);
    }
    g_assert_true(rrd_add(rrd, &second, NULL));
    g_assert_cmpint(rrd_find(rrd, "second"), ==, 1);
    for (unsigned i = 11; i <= 24; i++) {
        rrd_update(rrd, START + i * 5, (const double[]){i, 100 + i});
    }
    int64_t now = (int64_t)START + 120;
    assert_near(rrd_get(rrd, FIVE_SECONDS, RRD_AVERAGE, 0, now - 100), 4);
    assert_unknown(rrd_get(rrd, FIVE_SECONDS, RRD_AVERAGE, 1, now - 70));
    assert_near(rrd_get(rrd, FIVE_SECONDS, RRD_AVERAGE, 1, now - 65), 111);
    assert_unknown(rrd_get(rrd, MINUTE, RRD_AVERAGE, 1, now - 60)); /* ten of twelve missed */
    assert_near(rrd_get(rrd, MINUTE, RRD_AVERAGE, 1, now), 118.5);
    g_autoptr(Rrd) copy = rrd_copy(rrd);
    rrd_remove(rrd, 0);
    g_assert_cmpuint(rrd_count(rrd), ==, 1);
    g_assert_cmpstr(rrd_name(rrd, 0), ==, "second");
    assert_near(rrd_get(rrd, FIVE_SECONDS, RRD_AVERAGE, 0, now - 65), 111);
    assert_near(rrd_get(rrd, MINUTE, RRD_AVERAGE, 0, now), 118.5);
    rrd_update(rrd, START + 125, (const double[]){7});
    assert_near(rrd_newest(rrd, 0), 7);
    rrd_remove(rrd, 0);
    rrd_update(rrd, START + 130, NULL);
    g_assert_cmpuint(rrd_count(copy), ==, 2);
    assert_near(rrd_get(copy, FIVE_SECONDS, RRD_AVERAGE, 0, now), 24);
}

static void test_refused(void)
{
    g_autoptr(Rrd) rrd = new_rrd(&gauge, false);
    static const char *const bad[] = {"", "a b", "a<b", "level", "\xc3\xa4"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        const RrdSource source = {bad[i], RRD_GAUGE, 0, 1};
        g_autoptr(Err) err = NULL;
        g_assert_false(rrd_add(rrd, &source, &err));
        g_assert_nonnull(err);
    }
    g_autofree char *long_name = g_strnfill(RRD_MAX_NAME, 'x');
    g_assert_false(rrd_add(rrd, &(RrdSource){long_name, RRD_GAUGE, 0, 1}, NULL));
    for (unsigned i = 1; i < RRD_MAX_SERIES; i++) {
        g_autofree char *name = g_strdup_printf("s%u", i);
        g_assert_true(rrd_add(rrd, &(RrdSource){name, RRD_GAUGE, 0, 1}, NULL));
    }
    g_assert_false(rrd_add(rrd, &(RrdSource){"more", RRD_GAUGE, 0, 1}, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rrd/gauge", test_gauge);
    g_test_add_func("/rrd/between-steps", test_between_steps);
    g_test_add_func("/rrd/counter", test_counter);
    g_test_add_func("/rrd/absolute", test_absolute);
    g_test_add_func("/rrd/bounds", test_bounds);
    g_test_add_func("/rrd/unknown-part", test_unknown_part);
    g_test_add_func("/rrd/extremes", test_extremes);
    g_test_add_func("/rrd/gaps", test_gaps);
    g_test_add_func("/rrd/rows", test_rows);
    g_test_add_func("/rrd/year", test_year);
    g_test_add_func("/rrd/clock", test_clock);
    g_test_add_func("/rrd/series", test_series);
    g_test_add_func("/rrd/refused", test_refused);
    return g_test_run();
}
