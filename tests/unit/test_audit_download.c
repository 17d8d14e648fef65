/* front/audit_download.c: which lines a moment lets through. */
#include "front/audit_download.h"

static void assert_since(const char *given, const char *expected)
{
    g_autofree char *since = audit_download_since(given);
    g_assert_cmpstr(since, ==, expected);
}

static void test_since(void)
{
    assert_since("", "");
    assert_since("20090910T11:31:11.417", "20090910T11:31:11.417");
    assert_since("2009-09-10T11:31:11.417Z", "20090910T11:31:11.417");
    assert_since("2009-09-10 11:31", "20090910T11:31");
    assert_since("2009-09-10", "20090910");
}

#define LINE "[20261126T01:11:02.042Z|audit|host|1 unix|x|audit] ()\n"

static void test_wanted(void)
{
    g_assert_true(audit_download_wants(LINE, ""));
    g_assert_true(audit_download_wants(LINE, "20261126T01:11:02.042"));
    g_assert_true(audit_download_wants(LINE, "20261126"));
    g_assert_true(audit_download_wants("Nov 26 host: " LINE, "20261126"));
    g_assert_false(audit_download_wants(LINE, "20261126T01:11:02.043"));
    g_assert_false(audit_download_wants(LINE, "20261127"));
    g_assert_false(audit_download_wants("no time", ""));
    g_assert_false(audit_download_wants("", ""));
    g_assert_false(audit_download_wants("[", ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/audit-download/since", test_since);
    g_test_add_func("/audit-download/wanted", test_wanted);
    return g_test_run();
}
