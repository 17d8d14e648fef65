/* Log: the shape of a line, levels, the file and its rotation, and that nobody can forge a line. */
#include "base/log.h"

#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct Folder {
    char *path;
    char *log;
} Folder;

static void folder_set_up(Folder *folder, gconstpointer data)
{
    (void)data;
    folder->path = g_dir_make_tmp("clearwater-log-XXXXXX", NULL);
    folder->log = g_build_filename(folder->path, "log", NULL);
    g_autoptr(Err) err = NULL;
    g_assert_true(log_open_file(folder->log, &err));
}

static void folder_tear_down(Folder *folder, gconstpointer data)
{
    (void)data;
    log_set_level(LOG_INFO);
    log_set_context(NULL);
    (void)g_remove(folder->log);
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_free(folder->path);
    g_free(folder->log);
}

static char *folder_read(const Folder *folder)
{
    g_autoptr(Err) err = NULL;
    char *text = fd_read_file(folder->log, 100000, NULL, &err);
    g_assert_no_errno(text ? 0 : -1);
    return text;
}

static void test_line(Folder *folder, gconstpointer data)
{
    (void)data;
    errno = ERANGE;
    log_warn("disk %d is full", 3);
    g_assert_cmpint(errno, ==, ERANGE);
    log_set_context("task 7");
    log_error("worse");
    g_autofree char *text = folder_read(folder);
    g_assert_true(g_regex_match_simple(
        "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z warn test_log disk 3 is full\n"
        "[^ \n]+ error test_log \\[task 7\\] worse\n$",
        text, 0, 0));
}

static void test_levels(Folder *folder, gconstpointer data)
{
    (void)data;
    LogLevel level;
    log_debug("dropped");
    g_assert_true(log_parse_level("Debug", &level));
    g_assert_cmpint(level, ==, LOG_DEBUG);
    g_assert_false(log_parse_level("loud", &level));
    g_assert_false(log_parse_level("", &level));
    log_set_level(LOG_ERROR);
    log_warn("dropped");
    log_set_level(LOG_DEBUG);
    log_debug("kept");
    g_autofree char *text = folder_read(folder);
    g_assert_null(strstr(text, "dropped"));
    g_assert_nonnull(strstr(text, "debug test_log kept\n"));
}

static void test_forging(Folder *folder, gconstpointer data)
{
    (void)data;
    log_set_context("a]\nb");
    log_info("name%s", "\n2024 error x \x1b[31m\x7f\xc2\x9b\xff \xc3\xa4");
    g_autofree char *text = folder_read(folder);
    g_assert_nonnull(strstr(text, "[a]\\x0ab] name\\x0a2024 error x \\x1b[31m\\x7f\\x9b"));
    g_assert_true(g_str_has_suffix(text, " \xc3\xa4\n"));
    g_assert_true(strchr(text, '\n') == text + strlen(text) - 1);
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void test_long_text_is_cut(Folder *folder, gconstpointer data)
{
    (void)data;
    g_autofree char *text = g_strnfill(50000, 'x');
    log_info("%s", text);
    g_autofree char *written = folder_read(folder);
    g_assert_cmpuint(strlen(written), <, 20000);
    g_assert_true(g_str_has_suffix(written, "x...\n"));
}

static void test_rotation(Folder *folder, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_autofree char *old = g_strconcat(folder->log, ".1", NULL);
    log_info("before");
    g_assert_cmpint(g_rename(folder->log, old), ==, 0);
    g_assert_true(log_open_file(folder->log, &err));
    log_info("after");
    g_autofree char *text = folder_read(folder);
    g_assert_null(strstr(text, "before"));
    g_assert_nonnull(strstr(text, "after"));
    (void)g_remove(old);
    g_assert_false(log_open_file("/nowhere/log", &err));
    g_assert_nonnull(strstr(err->params[0], "/nowhere/log"));
}

#define ADD(path, function)                                                                        \
    g_test_add(path, Folder, NULL, folder_set_up, function, folder_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/log/line", test_line);
    ADD("/log/levels", test_levels);
    ADD("/log/forging", test_forging);
    ADD("/log/long", test_long_text_is_cut);
    ADD("/log/rotation", test_rotation);
    return g_test_run();
}
