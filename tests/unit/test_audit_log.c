/* core/audit_log.c: lines, the files they are in, and files that others move. */
#include "base/fd.h"
#include "core/audit_log.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct Fixture {
    char *folder;
    char *path;
    AuditLog *log;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->folder = g_dir_make_tmp("clearwater-audit-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "audit.log", NULL);
    fixture->log = audit_log_new(fixture->path);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    audit_log_free(fixture->log);
    g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
    g_free(fixture->path);
}

static char *older(const Fixture *fixture, unsigned number)
{
    return g_strdup_printf("%s.%u", fixture->path, number);
}

/* All files one behind another, as a reader of the log gets them. (owned) */
static char *read_all(Fixture *fixture)
{
    g_autoptr(GArray) files = audit_log_open_all(fixture->log);
    GString *text = g_string_new(NULL);
    char buffer[4096];
    for (guint i = 0; i < files->len; i++) {
        for (ssize_t count; (count = read(g_array_index(files, int, i), buffer, sizeof buffer));) {
            g_assert_cmpint(count, >, 0);
            g_string_append_len(text, buffer, count);
        }
    }
    return g_string_free(text, FALSE);
}

static void test_lines(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
    audit_log_append(fixture->log, "[a] one");
    audit_log_append(fixture->log, "two\nthree\r\x01"
                                   "four\xff");
    g_autofree char *text = read_all(fixture);
    g_assert_cmpstr(text, ==, "[a] one\ntwo three  four\uFFFD\n");
    GStatBuf status;
    g_assert_cmpint(g_stat(fixture->path, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
}

static void test_long_line(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *line = g_strnfill(2 * AUDIT_LOG_MAX_LINE, 'x');
    audit_log_append(fixture->log, line);
    g_autofree char *text = read_all(fixture);
    g_assert_cmpuint(strlen(text), ==, AUDIT_LOG_MAX_LINE + 1);
}

static void test_nowhere(void)
{
    g_autoptr(AuditLog) log = audit_log_new(NULL);
    audit_log_append(log, "line");
    g_autoptr(GArray) files = audit_log_open_all(log);
    g_assert_cmpuint(files->len, ==, 0);
}

/* A full file becomes the newest of the older ones; the oldest goes. */
static void test_rotation(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_autofree char *full = g_strnfill(AUDIT_LOG_MAX_BYTES - 1, 'f');
    for (unsigned i = 1; i <= AUDIT_LOG_KEPT; i++) {
        g_autofree char *path = older(fixture, i);
        g_autofree char *text = g_strdup_printf("%u\n", i);
        g_assert_true(fd_write_file(path, text, strlen(text), 0600, &err));
    }
    g_assert_true(fd_write_file(fixture->path, full, strlen(full), 0600, &err));
    audit_log_append(fixture->log, "a");
    g_autofree char *current = fd_read_file(fixture->path, 100, NULL, &err);
    g_assert_cmpstr(current, ==, "a\n");
    g_autofree char *first = older(fixture, 1);
    g_autofree char *second = older(fixture, 2);
    g_autofree char *last = older(fixture, AUDIT_LOG_KEPT);
    g_autofree char *beyond = older(fixture, AUDIT_LOG_KEPT + 1);
    GStatBuf status;
    g_assert_cmpint(g_stat(first, &status), ==, 0);
    g_assert_cmpint(status.st_size, ==, AUDIT_LOG_MAX_BYTES - 1);
    g_autofree char *from_first = fd_read_file(second, 100, NULL, &err);
    g_assert_cmpstr(from_first, ==, "1\n");
    g_autofree char *from_before = fd_read_file(last, 100, NULL, &err);
    g_autofree char *expected = g_strdup_printf("%u\n", AUDIT_LOG_KEPT - 1);
    g_assert_cmpstr(from_before, ==, expected);
    g_assert_false(g_file_test(beyond, G_FILE_TEST_EXISTS));
}

/* As logrotate does: the daemon goes on in a new file, and reads what was renamed. */
static void test_renamed_by_others(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *first = older(fixture, 1);
    g_autofree char *far = older(fixture, AUDIT_LOG_MAX_NUMBER);
    g_autoptr(Err) err = NULL;
    audit_log_append(fixture->log, "old");
    g_assert_cmpint(g_rename(fixture->path, first), ==, 0);
    audit_log_append(fixture->log, "new");
    g_assert_true(fd_write_file(far, "oldest\n", 7, 0600, &err));
    g_autofree char *text = read_all(fixture);
    g_assert_cmpstr(text, ==, "oldest\nold\nnew\n");
}

/* The folder goes: calls are not disturbed, and lines come again when it is back. */
static void test_no_folder(Fixture *fixture, gconstpointer data)
{
    (void)data;
    audit_log_append(fixture->log, "one");
    g_assert_cmpint(g_remove(fixture->path), ==, 0);
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    audit_log_append(fixture->log, "lost");
    g_assert_cmpint(g_mkdir(fixture->folder, 0700), ==, 0);
    audit_log_append(fixture->log, "two");
    g_autofree char *text = read_all(fixture);
    g_assert_cmpstr(text, ==, "two\n");
}

#define CASE(name, func) g_test_add("/audit-log/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("lines", test_lines);
    CASE("long-line", test_long_line);
    g_test_add_func("/audit-log/nowhere", test_nowhere);
    CASE("rotation", test_rotation);
    CASE("renamed-by-others", test_renamed_by_others);
    CASE("no-folder", test_no_folder);
    return g_test_run();
}
