/* core/session.c: logging in and out, the objects that mirror sessions, and their limits. */
#include "core/session.h"
#include "gen/db_session.h"

typedef struct Fixture {
    Db *db;
    Auth *auth;
    Sessions *sessions;
    Op *op;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    fixture->auth = auth_new("/nonexistent/accounts", NULL);
    fixture->sessions = sessions_new(fixture->db, fixture->auth);
    fixture->op = op_new(USEC_NEVER);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    sessions_free(fixture->sessions);
    auth_free(fixture->auth);
    op_unref(fixture->op);
    db_close(fixture->db);
}

static SessionRef login(Fixture *fixture, const char *originator)
{
    const SessionLogin as_root = {
        .user = "root", .password = "", .originator = originator, .is_local_root = true};
    SessionRef session;
    g_assert_true(sessions_login(fixture->sessions, fixture->op, &as_root, &session.id, NULL));
    return session;
}

static bool is_alive(Fixture *fixture, SessionRef session)
{
    SessionInfo info;
    bool usable = sessions_use(fixture->sessions, session.id, &info);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    g_assert_true(db_session_exists(db_snapshot_view(snapshot), session) == usable);
    return usable;
}

static void test_login(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid host = {{5}};
    sessions_set_host(fixture->sessions, host);
    SessionRef session = login(fixture, "tester");
    SessionInfo info = {0};
    g_assert_true(sessions_use(fixture->sessions, session.id, &info));
    g_assert_true(info.is_local_superuser);
    g_assert_false(info.is_pool);
    g_assert_cmpuint(info.roles, ==, UINT8_MAX);
    g_assert_cmpstr(info.user, ==, "root");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_cmpstr(db_session_originator(view, session), ==, "tester");
    g_assert_cmpstr(db_session_auth_user_name(view, session), ==, "root");
    g_assert_true(db_session_is_local_superuser(view, session));
    g_assert_true(uuid_equal(db_session_this_host(view, session).id, host));
    g_assert_cmpint(db_session_last_active(view, session), >, 0);
}

static void test_wrong_password(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const SessionLogin from_afar = {.user = "root", .password = "x", .originator = ""};
    Uuid session = {{9}};
    g_autoptr(Err) err = NULL;
    g_assert_false(sessions_login(fixture->sessions, fixture->op, &from_afar, &session, &err));
    g_assert_true(err_is(err, "SESSION_AUTHENTICATION_FAILED"));
    g_assert_true(uuid_equal(session, (Uuid){{9}}));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_SESSION), ==, 0);
}

static void test_logout(Fixture *fixture, gconstpointer data)
{
    (void)data;
    SessionRef one = login(fixture, ""), other = login(fixture, "");
    g_assert_true(is_alive(fixture, one));
    sessions_logout(fixture->sessions, one.id);
    g_assert_false(is_alive(fixture, one));
    g_assert_true(is_alive(fixture, other));
    sessions_logout(fixture->sessions, one.id);
    sessions_logout(fixture->sessions, (Uuid){{1}});
    g_assert_true(is_alive(fixture, other));
}

static void test_unknown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    SessionInfo info;
    g_assert_false(sessions_use(fixture->sessions, (Uuid){{0}}, &info));
    g_assert_false(sessions_use(fixture->sessions, (Uuid){{1}}, &info));
}

static void test_collect_keeps_used(Fixture *fixture, gconstpointer data)
{
    (void)data;
    SessionRef session = login(fixture, "");
    sessions_collect(fixture->sessions);
    g_assert_true(is_alive(fixture, session));
}

/* Opens one session more than there may be; the one that was idle longest goes. */
static void check_limit(Fixture *fixture, const char *originator, unsigned limit)
{
    SessionRef stranger = login(fixture, "stranger");
    SessionRef first = login(fixture, originator), second = login(fixture, originator);
    for (unsigned i = 2; i < limit; i++) {
        login(fixture, originator);
    }
    g_assert_true(is_alive(fixture, second));
    g_assert_true(is_alive(fixture, first)); /* now the second was idle longer, the third longest */
    login(fixture, originator);
    g_assert_true(is_alive(fixture, first));
    g_assert_true(is_alive(fixture, second));
    g_assert_true(is_alive(fixture, stranger));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_SESSION), ==, limit + 1);
}

static void test_limit_of_anonymous(Fixture *fixture, gconstpointer data)
{
    (void)data;
    check_limit(fixture, "", SESSION_MAX_ANONYMOUS);
}

static void test_limit_of_originator(Fixture *fixture, gconstpointer data)
{
    (void)data;
    check_limit(fixture, "program", SESSION_MAX_PER_ORIGINATOR);
}

static void test_names(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *endless = g_strnfill(100000, 'o');
    SessionRef cut = login(fixture, endless), bytes = login(fixture, "\xff");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_cmpuint(strlen(db_session_originator(view, cut)), ==, SESSION_MAX_ORIGINATOR);
    g_assert_cmpstr(db_session_originator(view, bytes), ==, "\xef\xbf\xbd");
    const SessionLogin too_long = {
        .user = endless, .password = "", .originator = "", .is_local_root = true};
    g_autoptr(Err) err = NULL;
    Uuid session;
    g_assert_false(sessions_login(fixture->sessions, fixture->op, &too_long, &session, &err));
    g_assert_true(err_is(err, "SESSION_AUTHENTICATION_FAILED"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/session/login", test_login},
        {"/session/wrong-password", test_wrong_password},
        {"/session/logout", test_logout},
        {"/session/unknown", test_unknown},
        {"/session/collect-keeps-used", test_collect_keeps_used},
        {"/session/names", test_names},
        {"/session/limit-of-anonymous", test_limit_of_anonymous},
        {"/session/limit-of-originator", test_limit_of_originator},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
    return g_test_run();
}
