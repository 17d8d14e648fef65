/* core/session.c with a directory: users are looked at again as time goes by. */
#include "core/session.h"
#include "gen/db_role.h"
#include "gen/db_session.h"
#include "gen/db_subject.h"
#include "gen/errors.h"

static bool is_reachable, is_suspended, is_in_group;

static bool authenticate(Auth *auth, Op *op, const char *user, const char *password, Err **err)
{
    (void)auth;
    (void)op;
    return strcmp(password, "good") == 0 || err_session_authentication_failed(err, user, "no");
}

static char *find(const char *name, Err **err)
{
    (void)name;
    (void)err;
    return g_strdup("u1");
}

static Value *describe(const char *identifier, Err **err)
{
    g_assert_cmpstr(identifier, ==, "u1");
    if (!is_reachable) {
        err_auth_service_error(err, "down");
        return NULL;
    }
    Value *about = value_new_struct(5);
    value_struct_add(about, "subject-name", value_new_string("alice"));
    value_struct_add(about, "subject-account-disabled",
                     value_new_string(is_suspended ? "true" : "false"));
    value_struct_add(about, "subject-account-expired", value_new_string("false"));
    value_struct_add(about, "subject-account-locked", value_new_string("false"));
    value_struct_add(about, "subject-password-expired", value_new_string("false"));
    return about;
}

static char **groups(const char *identifier, Err **err)
{
    (void)identifier;
    (void)err;
    const char *const names[] = {is_in_group ? "g1" : "g2", NULL};
    return g_strdupv((char **)names);
}

static const Directory fake = {"fake", authenticate, find, describe, groups};

typedef struct Fixture {
    Db *db;
    Auth *auth;
    Sessions *sessions;
    Op *op;
    Uuid session;
} Fixture;

static bool log_in(Fixture *fixture, const char *password, Err **err)
{
    const SessionLogin login = {.user = "Alice", .password = password, .originator = ""};
    return sessions_login(fixture->sessions, fixture->op, &login, &fixture->session, err);
}

/* The group g1 may operate VMs. */
static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    fixture->auth = auth_new("/nonexistent/accounts", NULL);
    fixture->sessions = sessions_new(fixture->db, fixture->auth);
    fixture->op = op_new(USEC_NEVER);
    DbTxn *txn = db_begin(fixture->db);
    SubjectRef subject = db_subject_create(txn);
    db_subject_set_subject_identifier(txn, subject, "g1");
    db_subject_add_roles(txn, subject, (RoleRef){uuid_from_md5("vm-operator")});
    g_assert_true(db_commit(txn, NULL));
    sessions_set_directory(fixture->sessions, &fake);
    is_reachable = is_in_group = true;
    is_suspended = false;
    g_assert_true(log_in(fixture, "good", NULL));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    sessions_free(fixture->sessions);
    auth_free(fixture->auth);
    op_unref(fixture->op);
    db_close(fixture->db);
}

static bool is_alive(Fixture *fixture)
{
    SessionInfo info;
    return sessions_use(fixture->sessions, fixture->session, &info);
}

static void test_login(Fixture *fixture, gconstpointer data)
{
    (void)data;
    SessionInfo info = {0};
    g_assert_true(sessions_use(fixture->sessions, fixture->session, &info));
    g_assert_false(info.is_local_superuser);
    g_assert_cmphex(info.roles, ==, 1 << ROLE_VM_OPERATOR);
    g_assert_cmpstr(info.sid, ==, "u1");
    g_assert_cmpstr(info.user, ==, "alice");
    g_autoptr(Err) wrong = NULL;
    g_autoptr(Err) suspended = NULL;
    g_autoptr(Err) down = NULL;
    g_assert_false(log_in(fixture, "bad", &wrong));
    g_assert_true(err_is(wrong, "SESSION_AUTHENTICATION_FAILED"));
    is_suspended = true;
    g_assert_false(log_in(fixture, "good", &suspended));
    g_assert_true(err_is(suspended, "SESSION_AUTHENTICATION_FAILED"));
    is_reachable = false;
    g_assert_false(log_in(fixture, "good", &down));
    g_assert_true(err_is(down, "SESSION_AUTHENTICATION_FAILED"));
}

static void test_still_there(Fixture *fixture, gconstpointer data)
{
    (void)data;
    sessions_revalidate(fixture->sessions, -1);
    g_assert_true(is_alive(fixture));
}

static void test_left_the_group(Fixture *fixture, gconstpointer data)
{
    (void)data;
    is_in_group = false;
    sessions_revalidate(fixture->sessions, SESSION_REVALIDATE_AGE); /* not due yet */
    g_assert_true(is_alive(fixture));
    sessions_revalidate(fixture->sessions, -1);
    g_assert_false(is_alive(fixture));
}

static void test_suspended(Fixture *fixture, gconstpointer data)
{
    (void)data;
    is_suspended = true;
    sessions_revalidate(fixture->sessions, -1);
    g_assert_false(is_alive(fixture));
}

/* A token of this user does no more than the user may today, and nothing once the user is gone. */
static void test_token(Fixture *fixture, gconstpointer data)
{
    (void)data;
    SessionInfo info = {.roles = 1 << ROLE_POOL_ADMIN,
                        .is_token = true,
                        .highest = ROLE_POOL_ADMIN,
                        .user = "alice",
                        .sid = "u1"};
    Uuid high, low;
    g_assert_true(sessions_open_token(fixture->sessions, &info, "", &high, NULL));
    info.roles = 1 << ROLE_READ_ONLY;
    info.highest = ROLE_READ_ONLY;
    g_assert_true(sessions_open_token(fixture->sessions, &info, "", &low, NULL));
    sessions_revalidate(fixture->sessions, -1);
    g_assert_true(sessions_use(fixture->sessions, high, &info));
    g_assert_cmphex(info.roles, ==, 1 << ROLE_VM_OPERATOR);
    g_assert_true(sessions_use(fixture->sessions, low, &info));
    g_assert_cmphex(info.roles, ==, 1 << ROLE_READ_ONLY);

    is_in_group = false;
    sessions_revalidate(fixture->sessions, -1);
    g_assert_false(sessions_use(fixture->sessions, low, &info));
    g_autoptr(Err) gone = NULL;
    g_assert_false(sessions_open_token(fixture->sessions, &info, "", &high, &gone));
    g_assert_true(err_is(gone, "SESSION_AUTHENTICATION_FAILED"));
}

/* A directory that does not answer ends nobody's work. */
static void test_out_of_reach(Fixture *fixture, gconstpointer data)
{
    (void)data;
    is_reachable = false;
    sessions_revalidate(fixture->sessions, -1);
    g_assert_true(is_alive(fixture));
}

static void test_no_directory(Fixture *fixture, gconstpointer data)
{
    (void)data;
    sessions_set_directory(fixture->sessions, NULL);
    g_assert_false(is_alive(fixture));
}

#define CASE(name, func)                                                                           \
    g_test_add("/session-directory/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("login", test_login);
    CASE("still-there", test_still_there);
    CASE("left-the-group", test_left_the_group);
    CASE("suspended", test_suspended);
    CASE("out-of-reach", test_out_of_reach);
    CASE("no-directory", test_no_directory);
    CASE("token", test_token);
    return g_test_run();
}
