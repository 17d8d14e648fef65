/* network/counters.c: the form of /proc/net/dev. */
#include "network/nw.h"

static void test_parse(void)
{
    static const char text[] =
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
        "drop fifo colls carrier compressed\n"
        "    lo: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n"
        "tap0123456789ab:18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        "short: 1 2 3\n"
        "bad: x 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        "huge: 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        "a-name-that-is-too-long: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
    g_autoptr(GArray) counters = nw_counters_parse(text);
    g_assert_cmpuint(counters->len, ==, 2);
    const NwCounters *lo = &g_array_index(counters, NwCounters, 0);
    g_assert_cmpstr(lo->name, ==, "lo");
    g_assert_cmpuint(lo->rx_bytes, ==, 1000);
    g_assert_cmpuint(lo->tx_bytes, ==, 2000);
    const NwCounters *tap = &g_array_index(counters, NwCounters, 1);
    g_assert_cmpstr(tap->name, ==, "tap0123456789ab");
    g_assert_cmpuint(tap->rx_bytes, ==, UINT64_MAX);
    g_assert_cmpuint(tap->rx_errors, ==, 3);
    g_assert_cmpuint(tap->tx_bytes, ==, 9);
    g_assert_cmpuint(tap->tx_errors, ==, 11);
    g_autoptr(GArray) none = nw_counters_parse("");
    g_assert_cmpuint(none->len, ==, 0);
}

/* What the kernel says of this machine can be read. */
static void test_live(void)
{
    g_autoptr(Err) err = NULL;
    Nw *nw = nw_bridge_driver.open("/nonexistent", &err);
    g_assert_nonnull(nw);
    g_autoptr(GArray) counters = nw_bridge_driver.counters(nw, &err);
    g_assert_nonnull(counters);
    bool has_loopback = false;
    for (guint i = 0; i < counters->len; i++) {
        has_loopback |= g_str_equal(g_array_index(counters, NwCounters, i).name, "lo");
    }
    g_assert_true(has_loopback);
    nw_bridge_driver.close(nw);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nw-counters/parse", test_parse);
    g_test_add_func("/nw-counters/live", test_live);
    return g_test_run();
}
