/* core/auth.c: local accounts, their file, and what is no account. */
#include "core/auth.h"

#include "base/fd.h"

#include <crypt.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

typedef struct Fixture {
    char *folder, *path;
    Auth *auth;
    Op *op;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->folder = g_dir_make_tmp("clearwater-auth-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "accounts", NULL);
    fixture->auth = auth_new(fixture->path, NULL);
    fixture->op = op_new(USEC_NEVER);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    auth_free(fixture->auth);
    op_unref(fixture->op);
    g_remove(fixture->path);
    g_rmdir(fixture->folder);
    g_free(fixture->path);
    g_free(fixture->folder);
}

static bool check(Fixture *fixture, const char *user, const char *password)
{
    g_autoptr(Err) err = NULL;
    if (auth_check(fixture->auth, fixture->op, user, password, &err)) {
        g_assert_null(err);
        return true;
    }
    g_assert_true(err_is(err, "SESSION_AUTHENTICATION_FAILED"));
    g_assert_cmpstr(err->params[0], ==, user);
    g_assert_cmpstr(err->params[1], ==, "Authentication failure");
    return false;
}

static void set_password(Fixture *fixture, const char *user, const char *password)
{
    g_assert_true(auth_set_password(fixture->auth, user, password, NULL));
}

static void test_nobody(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_false(check(fixture, "root", ""));
    g_assert_false(check(fixture, "root", "x"));
    g_assert_false(check(fixture, "", ""));
}

static void test_password(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set_password(fixture, "root", "sesame");
    g_assert_true(check(fixture, "root", "sesame"));
    g_assert_false(check(fixture, "root", "Sesame"));
    g_assert_false(check(fixture, "root", "sesame "));
    g_assert_false(check(fixture, "root", ""));
    g_assert_false(check(fixture, "roo", "sesame"));
    g_assert_false(check(fixture, "root2", "sesame"));
}

static void test_change(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set_password(fixture, "root", "one");
    set_password(fixture, "rooter", "two");
    set_password(fixture, "root", "three");
    g_assert_false(check(fixture, "root", "one"));
    g_assert_true(check(fixture, "root", "three"));
    g_assert_true(check(fixture, "rooter", "two"));
}

static void test_file(Fixture *fixture, gconstpointer data)
{
    (void)data;
    struct stat status;
    set_password(fixture, "root", "sesame");
    g_assert_cmpint(stat(fixture->path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
    g_assert_true(g_str_has_prefix(text, "root:$y$"));
    g_assert_null(strstr(text, "sesame"));
}

/* An administrator's edit counts at once, and hashes of other kinds do. */
static void test_edited_file(Fixture *fixture, gconstpointer data)
{
    (void)data;
    struct crypt_data scratch = {0};
    g_autofree char *text = g_strdup_printf("\nfirst:%s\nlocked:\nalso:*\nno colon",
                                            crypt_r("word", "$6$rounds=1000$saltsalt$", &scratch));
    g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
    g_assert_true(check(fixture, "first", "word"));
    g_assert_false(check(fixture, "locked", ""));
    g_assert_false(check(fixture, "also", "*"));
    g_assert_false(check(fixture, "no colon", ""));
    set_password(fixture, "second", "other");
    g_assert_true(check(fixture, "first", "word"));
    g_assert_true(check(fixture, "second", "other"));
}

static void test_bad_names(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *too_long = g_strnfill(AUTH_MAX_USER + 1, 'u');
    const char *const bad[] = {"", "a:b", "a\nb", too_long};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        g_assert_false(auth_set_password(fixture->auth, bad[i], "x", &err));
        g_assert_true(err_is(err, "CHANGE_PASSWORD_REJECTED"));
        g_assert_false(check(fixture, bad[i], "x"));
    }
    g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
}

static void test_bad_passwords(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *too_long = g_strnfill(AUTH_MAX_PASSWORD + 1, 'p');
    g_autoptr(Err) empty = NULL;
    g_assert_false(auth_set_password(fixture->auth, "root", "", &empty));
    g_assert_true(err_is(empty, "CHANGE_PASSWORD_REJECTED"));
    g_autoptr(Err) large = NULL;
    g_assert_false(auth_set_password(fixture->auth, "root", too_long, &large));
    g_assert_true(err_is(large, "CHANGE_PASSWORD_REJECTED"));
    g_assert_false(check(fixture, "root", too_long));
}

static gpointer check_often(gpointer user)
{
    for (int i = 0; i < 3; i++) {
        g_assert_true(check(user, "root", "sesame"));
    }
    return NULL;
}

static void test_many_at_once(Fixture *fixture, gconstpointer data)
{
    (void)data;
    struct crypt_data scratch = {0};
    g_autofree char *text =
        g_strdup_printf("root:%s\n", crypt_r("sesame", "$6$rounds=1000$saltsalt$", &scratch));
    g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
    GThread *threads[3 * AUTH_MAX_PARALLEL];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new("login", check_often, fixture);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_thread_join(threads[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/auth/nobody", test_nobody},
        {"/auth/password", test_password},
        {"/auth/change", test_change},
        {"/auth/file", test_file},
        {"/auth/edited-file", test_edited_file},
        {"/auth/bad-names", test_bad_names},
        {"/auth/bad-passwords", test_bad_passwords},
        {"/auth/many-at-once", test_many_at_once},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
    return g_test_run();
}
