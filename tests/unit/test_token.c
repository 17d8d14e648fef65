/* core/token.c: the texts of API tokens, who is let in by one, and when that ends. */
#include "core/token.h"
#include "gen/db_api_token.h"
#include "gen/db_session.h"

typedef struct Fixture {
    Db *db;
    Auth *auth;
    Sessions *sessions;
    Tokens *tokens;
    ApiTokenRef token;
    char *text;
} Fixture;

static void add_token(Fixture *fixture, int64_t expires)
{
    Uuid uuid = uuid_generate();
    g_autofree char *hash = NULL;
    fixture->text = token_generate(uuid, &hash);
    fixture->token = (ApiTokenRef){uuid_generate()};
    DbTxn *txn = db_begin(fixture->db);
    db_create(txn, CLASS_API_TOKEN, fixture->token.id, uuid);
    db_api_token_set_name_label(txn, fixture->token, "backup");
    db_api_token_set_user(txn, fixture->token, "root");
    db_api_token_set_role(txn, fixture->token, "vm-operator");
    db_api_token_set_expires(txn, fixture->token, expires);
    db_api_token_set_hash(txn, fixture->token, hash);
    g_assert_true(db_commit(txn, NULL));
}

static void setup(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    fixture->auth = auth_new("/nonexistent", NULL);
    fixture->sessions = sessions_new(fixture->db, fixture->auth);
    fixture->tokens = tokens_new(fixture->db, fixture->sessions, fixture->auth);
    add_token(fixture, g_get_real_time() / USEC_PER_SEC + 1000);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    tokens_free(fixture->tokens);
    sessions_free(fixture->sessions);
    auth_free(fixture->auth);
    db_close(fixture->db);
    g_free(fixture->text);
}

static void assert_refused(Fixture *fixture, const char *text)
{
    g_autoptr(Err) err = NULL;
    Uuid session = {{9}};
    g_assert_false(tokens_session(fixture->tokens, text, &session, &err));
    g_assert_true(err_is(err, "SESSION_AUTHENTICATION_FAILED"));
    g_assert_true(uuid_equal(session, (Uuid){{9}}));
}

static void test_session(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid first, second;
    SessionInfo info;
    g_assert_true(tokens_session(fixture->tokens, fixture->text, &first, NULL));
    g_assert_true(sessions_use(fixture->sessions, first, &info));
    g_assert_cmpuint(info.roles, ==, 1u << ROLE_VM_OPERATOR);
    g_assert_false(info.is_local_superuser);
    g_assert_true(info.is_token);
    g_assert_cmpstr(info.user, ==, "root (token backup)");
    g_assert_true(tokens_session(fixture->tokens, fixture->text, &second, NULL));
    g_assert_true(uuid_equal(first, second));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_cmpint(db_api_token_last_used(view, fixture->token), >, 0);
    g_assert_false(db_session_is_local_superuser(view, (SessionRef){first}));
}

static void test_session_comes_back(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid first, second;
    g_assert_true(tokens_session(fixture->tokens, fixture->text, &first, NULL));
    sessions_logout(fixture->sessions, first);
    g_assert_true(tokens_session(fixture->tokens, fixture->text, &second, NULL));
    g_assert_false(uuid_equal(first, second));
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_refused(fixture, "");
    assert_refused(fixture, "cw1_");
    g_autofree char *longer = g_strconcat(fixture->text, "0", NULL);
    assert_refused(fixture, longer);
    for (size_t i = 0; fixture->text[i]; i++) {
        char before = fixture->text[i];
        fixture->text[i] = before == '0' ? '1' : '0';
        assert_refused(fixture, fixture->text);
        fixture->text[i] = before;
    }
    Uuid session;
    g_assert_true(tokens_session(fixture->tokens, fixture->text, &session, NULL));
}

static void test_deleted(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid session;
    SessionInfo info;
    g_assert_true(tokens_session(fixture->tokens, fixture->text, &session, NULL));
    DbTxn *txn = db_begin(fixture->db);
    db_api_token_delete(txn, fixture->token);
    g_assert_true(db_commit(txn, NULL));
    tokens_forget(fixture->tokens, fixture->token.id);
    g_assert_false(sessions_use(fixture->sessions, session, &info));
    assert_refused(fixture, fixture->text);
}

/* The session ends with the token, even when it is in use. */
static void test_expired(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const SessionInfo ended = {.expires = g_get_real_time() / USEC_PER_SEC};
    SessionInfo info;
    Uuid session = sessions_open(fixture->sessions, &ended, "API token");
    g_assert_false(sessions_use(fixture->sessions, session, &info));
    sessions_collect(fixture->sessions);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    g_assert_false(db_session_exists(db_snapshot_view(snapshot), (SessionRef){session}));

    g_free(fixture->text);
    add_token(fixture, g_get_real_time() / USEC_PER_SEC);
    assert_refused(fixture, fixture->text);
}

static void test_roles(void)
{
    g_assert_cmpint(token_role("pool-admin"), ==, ROLE_POOL_ADMIN);
    g_assert_cmpint(token_role("read-only"), ==, ROLE_READ_ONLY);
    g_assert_cmpint(token_role("client-cert"), ==, ROLE_COUNT);
    g_assert_cmpint(token_role(""), ==, ROLE_COUNT);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/token/session", test_session}, {"/token/session-comes-back", test_session_comes_back},
        {"/token/refused", test_refused}, {"/token/deleted", test_deleted},
        {"/token/expired", test_expired},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].run, teardown);
    }
    g_test_add_func("/token/roles", test_roles);
    return g_test_run();
}
