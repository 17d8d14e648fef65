/* Options of xe: where they come from, which is stronger, what is left for the server; and which
 * files and servers are meant. */
#include "xe/xe_connect.h"
#include "xe/xe_options.h"
#include "xe/xe_transfer.h"

#include <glib/gstdio.h>

static bool parse(const char *rc, const char *extra, const char *line, XeOptions *ret, Err **err)
{
    g_auto(GStrv) args = g_strsplit(line, " ", -1);
    XeOptionSources sources = {.rc_text = rc, .extra_args = extra};
    return xe_options_parse(&sources, (const char *const *)args, ret, err);
}

static void assert_args(const XeOptions *options, const char *expected)
{
    g_autoptr(GString) joined = g_string_new(NULL);
    for (unsigned i = 0; i < options->args->len; i++) {
        g_string_append_printf(joined, "%s%s", i > 0 ? "|" : "",
                               (char *)g_ptr_array_index(options->args, i));
    }
    g_assert_cmpstr(joined->str, ==, expected);
}

static void test_defaults(void)
{
    g_auto(XeOptions) options = {0};
    g_assert_true(parse(NULL, NULL, "vm-list uuid=1", &options, NULL));
    g_assert_cmpstr(options.server, ==, "127.0.0.1");
    g_assert_cmpint(options.port, ==, -1);
    g_assert_cmpstr(options.username, ==, "root");
    g_assert_cmpstr(secret_reveal(options.password), ==, "null");
    g_assert_true(options.tls);
    g_assert_false(options.debug);
    assert_args(&options, "vm-list|uuid=1");
}

static void test_switches(void)
{
    g_auto(XeOptions) options = {0};
    g_assert_true(parse(NULL, NULL,
                        "-s h1 -p 8443 -u me -pw a=b --nossl --debug vm-start --force "
                        "--traceparent 00-1 name=x=y username=you",
                        &options, NULL));
    g_assert_cmpstr(options.server, ==, "h1");
    g_assert_cmpint(options.port, ==, 8443);
    g_assert_cmpstr(options.username, ==, "you");
    g_assert_cmpstr(secret_reveal(options.password), ==, "a=b");
    g_assert_false(options.tls);
    g_assert_true(options.debug);
    g_assert_cmpstr(options.traceparent, ==, "00-1");
    assert_args(&options, "vm-start|--force|name=x=y");
}

static void test_priorities(void)
{
    g_auto(XeOptions) options = {0};
    static const char rc[] = "server = rc\nusername=rc\n\npassword=rc\nparams=all\n";
    g_assert_true(parse(rc, "username=env,password=env,a=1\\,2,--minimal", "vm-list password=cmd",
                        &options, NULL));
    g_assert_cmpstr(options.server, ==, "rc");
    g_assert_cmpstr(options.username, ==, "env");
    g_assert_cmpstr(secret_reveal(options.password), ==, "cmd");
    assert_args(&options, "vm-list|a=1,2|--minimal|params=all");
}

/* A line that is no pair spoils the whole file. */
static void test_bad_rc(void)
{
    g_auto(XeOptions) options = {0};
    g_assert_true(parse("server=rc\nnonsense\n", NULL, "vm-list", &options, NULL));
    g_assert_cmpstr(options.server, ==, "127.0.0.1");
    assert_args(&options, "vm-list");
}

static void test_usage(void)
{
    static const char *const lines[] = {"vm-list -p x", "vm-list port=65536", "vm-list --help",
                                        "-help vm-list", "vm-list -p -1"};
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(XeOptions) options = {0};
        g_autoptr(Err) err = NULL;
        g_assert_false(parse(NULL, NULL, lines[i], &options, &err));
        g_assert_true(err_is(err, "XE_USAGE"));
    }
}

static void test_password_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("xe_options_XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "pw", NULL);
    g_autofree char *line = g_strdup_printf("vm-list -pwf %s", path);
    g_auto(XeOptions) options = {0};
    g_assert_true(g_file_set_contents(path, "alice\nsecret word\nrest\n", -1, NULL));
    g_assert_true(parse(NULL, NULL, line, &options, NULL));
    g_assert_cmpstr(options.username, ==, "alice");
    g_assert_cmpstr(secret_reveal(options.password), ==, "secret word");

    g_auto(XeOptions) none = {0};
    g_autoptr(Err) err = NULL;
    g_assert_true(g_file_set_contents(path, "alice\n", -1, NULL));
    g_assert_false(parse(NULL, NULL, line, &none, &err));
    g_assert_true(err_is(err, "XE_ABORT"));
    g_unlink(path);
    g_clear_pointer(&err, err_free);
    g_assert_false(parse(NULL, NULL, line, &none, &err));
    g_assert_true(err_is(err, "XE_ABORT"));
    g_rmdir(folder);
}

static void test_targets(void)
{
    static const struct {
        const char *url, *host, *path;
        int port;
    } cases[] = {
        {"/import?x=1", "srv", "/import?x=1", 9},
        {"https://10.0.0.1/export?ref=1", "10.0.0.1", "/export?ref=1", 9},
        {"https://10.0.0.1:8443/export", "10.0.0.1", "/export", 8443},
        {"https://[fd00::1]:8443/x", "fd00::1", "/x", 8443},
        {"https://[fd00::1]/x", "fd00::1", "/x", 9},
        {"https://host", "host", "/", 9},
    };
    XeOptions options = {.server = (char *)"srv", .port = 9};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(XeTarget) target = xe_target_parse(&options, cases[i].url);
        g_assert_cmpstr(target.host, ==, cases[i].host);
        g_assert_cmpstr(target.path, ==, cases[i].path);
        g_assert_cmpint(target.port, ==, cases[i].port);
    }
}

static void test_named_values(void)
{
    g_auto(XeOptions) options = {0};
    g_assert_true(parse(NULL, NULL, "vm-import filename=/tmp/a/../b.xva x= plain", &options, NULL));
    g_autoptr(GPtrArray) values = xe_options_named_values(&options);
    g_assert_cmpuint(values->len, ==, 2);
    g_autofree char *path = xe_transfer_canonical_path(g_ptr_array_index(values, 0));
    g_assert_cmpstr(path, ==, "/tmp/b.xva");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xe_options/defaults", test_defaults);
    g_test_add_func("/xe_options/switches", test_switches);
    g_test_add_func("/xe_options/priorities", test_priorities);
    g_test_add_func("/xe_options/bad_rc", test_bad_rc);
    g_test_add_func("/xe_options/usage", test_usage);
    g_test_add_func("/xe_options/password_file", test_password_file);
    g_test_add_func("/xe_options/targets", test_targets);
    g_test_add_func("/xe_options/named_values", test_named_values);
    return g_test_run();
}
