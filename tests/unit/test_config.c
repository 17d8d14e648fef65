/* daemon/config.c: where a setting comes from, which one wins, and what is refused. */
#include "base/fd.h"
#include "daemon/config.h"

#include <glib/gstdio.h>

typedef struct Fixture {
    char *root;
    char *folder; /* of the configuration file */
    char *file;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->root = g_dir_make_tmp("clearwater-config-XXXXXX", NULL);
    fixture->folder = g_build_filename(fixture->root, "etc/clearwater", NULL);
    fixture->file = g_build_filename(fixture->folder, "clearwater.conf", NULL);
    g_assert_true(fd_make_dirs(fixture->folder, 0755, NULL));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *etc = g_build_filename(fixture->root, "etc", NULL);
    g_remove(fixture->file);
    g_rmdir(fixture->folder);
    g_rmdir(etc);
    g_rmdir(fixture->root);
    g_free(fixture->file);
    g_free(fixture->folder);
    g_free(fixture->root);
}

static void write_file(Fixture *fixture, const char *text)
{
    g_assert_true(g_file_set_contents(fixture->file, text, -1, NULL));
}

/* `arguments` are separated by '|'. */
static bool load(Fixture *fixture, const char *arguments, DaemonConfig *ret_config, Err **err)
{
    g_autofree char *line = g_strdup_printf("clearwaterd|--root|%s%s%s", fixture->root,
                                            *arguments ? "|" : "", arguments);
    g_auto(GStrv) argv = g_strsplit(line, "|", -1);
    return config_load((int)g_strv_length(argv), argv, ret_config, err);
}

static void assert_refused(Fixture *fixture, const char *arguments, const char *pattern)
{
    g_auto(DaemonConfig) config = {0};
    g_autoptr(Err) err = NULL;
    g_assert_false(load(fixture, arguments, &config, &err));
    g_assert_null(config.root);
    if (!g_pattern_match_simple(pattern, err->params[0])) {
        g_error("%s is not like %s", err->params[0], pattern);
    }
}

static void test_defaults(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_auto(DaemonConfig) config = {0};
    g_assert_true(load(fixture, "", &config, NULL));
    g_assert_cmpstr(config.root, ==, fixture->root);
    g_assert_cmpstr(config.https, ==, "0.0.0.0:443");
    g_assert_cmpstr(config.http, ==, "127.0.0.1:80");
    g_assert_cmpstr(config.engine, ==, "auto");
    g_assert_cmpstr(config.accelerator, ==, "auto");
    g_assert_cmpstr(config.address, ==, "");
    g_assert_cmpint(config.log_level, ==, LOG_INFO);
    g_assert_false(config.foreground || config.show_help || config.show_version);
}

/* A unit knows the group that systemd has made for guests; who runs the daemon has the last word
 * over it. */
static void test_environment(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_auto(DaemonConfig) plain = {0}, given = {0}, file = {0}, none = {0};
    g_assert_true(load(fixture, "", &plain, NULL));
    g_assert_cmpstr(plain.guest_cgroup, ==, "");
    g_assert_true(g_setenv("CLEARWATER_GUEST_CGROUP", "/group/of/unit", true));
    g_assert_true(load(fixture, "", &given, NULL));
    g_assert_cmpstr(given.guest_cgroup, ==, "/group/of/unit");
    write_file(fixture, "guest-cgroup = /another\n");
    g_assert_true(load(fixture, "", &file, NULL));
    g_assert_cmpstr(file.guest_cgroup, ==, "/another");
    g_assert_true(load(fixture, "--guest-cgroup|", &none, NULL));
    g_assert_cmpstr(none.guest_cgroup, ==, "");
    g_unsetenv("CLEARWATER_GUEST_CGROUP");
}

static void test_file(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_auto(DaemonConfig) config = {0};
    write_file(fixture, "# a comment\n"
                        "\n"
                        "  engine   =  fake   # another\n"
                        "https=\n"
                        "host-name = a=b\n"
                        "log-level = warn");
    g_assert_true(load(fixture, "", &config, NULL));
    g_assert_cmpstr(config.engine, ==, "fake");
    g_assert_cmpstr(config.https, ==, "");
    g_assert_cmpstr(config.host_name, ==, "a=b");
    g_assert_cmpint(config.log_level, ==, LOG_WARN);
    g_assert_cmpstr(config.http, ==, "127.0.0.1:80");
}

static void test_command_line_wins(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_auto(DaemonConfig) config = {0};
    write_file(fixture, "engine = fake\nhttp = 127.0.0.1:1\nroot = /elsewhere\n");
    g_assert_true(
        load(fixture, "--engine|qemu|--foreground|--log-level|debug|--address|", &config, NULL));
    g_assert_cmpstr(config.engine, ==, "qemu");
    g_assert_cmpstr(config.http, ==, "127.0.0.1:1");
    g_assert_cmpstr(config.root, ==, fixture->root);
    g_assert_cmpint(config.log_level, ==, LOG_DEBUG);
    g_assert_true(config.foreground);
}

static void test_help_and_version(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_auto(DaemonConfig) config = {0};
    g_assert_true(load(fixture, "--help|--version", &config, NULL));
    g_assert_true(config.show_help);
    g_assert_true(config.show_version);
    g_assert_nonnull(strstr(config_usage, "--engine"));
}

static void test_bad_command_line(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_refused(fixture, "--engine", "--engine: *");
    assert_refused(fixture, "engine|fake", "engine: *");
    assert_refused(fixture, "--colour|red", "unknown setting colour");
    assert_refused(fixture, "--log-level|loud", "log-level loud: *");
    assert_refused(fixture, "-h", "-h: *");
}

static void test_bad_file(Fixture *fixture, gconstpointer data)
{
    (void)data;
    write_file(fixture, "engine = fake\nnonsense\n");
    assert_refused(fixture, "", "*clearwater.conf:2: *");
    write_file(fixture, "\n\ncolour = red\n");
    assert_refused(fixture, "", "*clearwater.conf:3: unknown setting colour");
    write_file(fixture, "log-level = loud\n");
    assert_refused(fixture, "", "*clearwater.conf:1: log-level loud: *");
    write_file(fixture, "= x\n");
    assert_refused(fixture, "", "*clearwater.conf:1: *");
    g_autofree char *huge = g_strnfill(1024 * 1024, '#');
    write_file(fixture, huge);
    assert_refused(fixture, "", "*clearwater.conf*");
}

static void test_endpoint(void)
{
    static const struct {
        const char *text, *address;
        uint16_t port;
    } good[] = {{"127.0.0.1:443", "127.0.0.1", 443},
                {"[::1]:8443", "::1", 8443},
                {"0.0.0.0:0", "0.0.0.0", 0},
                {"[::]:65535", "::", 65535}};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *address = NULL;
        uint16_t port;
        g_assert_true(config_parse_endpoint(good[i].text, &address, &port, NULL));
        g_assert_cmpstr(address, ==, good[i].address);
        g_assert_cmpuint(port, ==, good[i].port);
    }
    static const char *const bad[] = {
        "",     "443",         ":443",  "127.0.0.1", "127.0.0.1:", "::",      "a:65536",
        "a:-1", "127.0.0.1:x", "a:4 4", "[::1]",     "[]:1",       "[::1:443"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        char *address = NULL;
        uint16_t port = 9;
        g_test_message("%s", bad[i]);
        g_assert_false(config_parse_endpoint(bad[i], &address, &port, &err));
        g_assert_nonnull(err);
        g_assert_null(address);
        g_assert_cmpuint(port, ==, 9);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/config/defaults", test_defaults},
        {"/config/environment", test_environment},
        {"/config/file", test_file},
        {"/config/command-line-wins", test_command_line_wins},
        {"/config/help-and-version", test_help_and_version},
        {"/config/bad-command-line", test_bad_command_line},
        {"/config/bad-file", test_bad_file},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
    g_test_add_func("/config/endpoint", test_endpoint);
    return g_test_run();
}
