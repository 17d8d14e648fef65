/* A host knows which of the hosts in its database it is. */
#include "base/err.h"
#include "base/fd.h"
#include "gen/db_host.h"
#include "ops/host/host_identity.h"

#include <glib/gstdio.h>

typedef struct Fixture {
    Db *db;
    char *dir;
    char *file;
} Fixture;

static void set_up(Fixture *fix, gconstpointer unused)
{
    (void)unused;
    DbBackend backend = db_backend_none();
    fix->db = db_open(&model_schema, &backend, NULL);
    fix->dir = g_dir_make_tmp("clearwater-identity-XXXXXX", NULL);
    fix->file = g_build_filename(fix->dir, "host-uuid", NULL);
}

static void tear_down(Fixture *fix, gconstpointer unused)
{
    (void)unused;
    db_close(fix->db);
    g_remove(fix->file);
    g_rmdir(fix->dir);
    g_free(fix->file);
    g_free(fix->dir);
}

static Uuid find(Fixture *fix)
{
    g_autoptr(Err) err = NULL;
    Uuid uuid = {{0}};
    bool found = host_identity_find(fix->db, fix->dir, &uuid, &err);
    g_assert_null(err);
    g_assert_true(found);
    return uuid;
}

/* Returns the uuid of the new host. */
static Uuid add_host(Fixture *fix)
{
    Uuid uuid = uuid_generate();
    DbTxn *txn = db_begin(fix->db);
    db_create(txn, CLASS_HOST, uuid_generate(), uuid);
    g_assert_true(db_commit(txn, NULL));
    return uuid;
}

static void test_stays(Fixture *fix, gconstpointer unused)
{
    (void)unused;
    Uuid first = find(fix);
    g_assert_false(uuid_is_null(first));
    add_host(fix);
    add_host(fix);
    g_assert_true(uuid_equal(find(fix), first));
}

static void test_from_before_the_file(Fixture *fix, gconstpointer unused)
{
    (void)unused;
    Uuid only = add_host(fix);
    g_assert_true(uuid_equal(find(fix), only));
}

static void test_no_guess_among_several(Fixture *fix, gconstpointer unused)
{
    (void)unused;
    Uuid one = add_host(fix), other = add_host(fix);
    Uuid found = find(fix);
    g_assert_false(uuid_equal(found, one) || uuid_equal(found, other));
}

static void test_damaged(Fixture *fix, gconstpointer unused)
{
    (void)unused;
    static const char *const contents[] = {"", "not a uuid\n", "0000"};
    for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_autoptr(Err) err = NULL;
        Uuid uuid;
        g_assert_true(fd_write_file(fix->file, contents[i], strlen(contents[i]), 0644, NULL));
        g_assert_false(host_identity_find(fix->db, fix->dir, &uuid, &err));
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/host_identity/stays", Fixture, NULL, set_up, test_stays, tear_down);
    g_test_add("/host_identity/from-before-the-file", Fixture, NULL, set_up,
               test_from_before_the_file, tear_down);
    g_test_add("/host_identity/no-guess-among-several", Fixture, NULL, set_up,
               test_no_guess_among_several, tear_down);
    g_test_add("/host_identity/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
    return g_test_run();
}
