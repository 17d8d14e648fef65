/* ops/task/task.c: whose tasks one may change. */
#include "host_fixture.h"

/* Messages that change a task; all but the last leave it there. */
static const struct {
    const char *method, *more;
} changes[] = {
    {"task.set_progress", ", 0.5"},
    {"task.set_result", ", \"done\""},
    {"task.set_error_info", ", [\"CODE\"]"},
    {"task.add_to_other_config", ", \"key\", \"value\""},
    {"task.remove_from_other_config", ", \"key\""},
    {"task.set_other_config", ", {}"},
    {"task.set_status", ", \"success\""},
    {"task.destroy", ""},
};

/* Calls go on as from this user of a directory. */
static void become(HostFixture *fixture, const char *sid, Role role)
{
    SessionInfo info = {.roles = (uint8_t)(1u << role)};
    g_strlcpy(info.sid, sid, sizeof info.sid);
    fixture->caller.session = sessions_open(core_sessions(fixture->core), &info, "test");
}

static void change_all(HostFixture *fixture, const char *task)
{
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        host_fixture_run(fixture, changes[i].method, "\"%s\"%s", task, changes[i].more);
    }
}

static void test_own(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    become(fixture, "S-1", ROLE_VM_OPERATOR);
    g_autoptr(Value) task = host_fixture_call(fixture, "task.create", "\"mine\", \"\"");
    become(fixture, "S-1", ROLE_VM_OPERATOR); /* another session of the same user */
    change_all(fixture, REF_TEXT(value_uuid(task)));
    host_fixture_answers(fixture, "[]", "task.get_all", "%s", "");
}

static void test_of_others(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    become(fixture, "S-1", ROLE_VM_OPERATOR);
    g_autoptr(Value) task = host_fixture_call(fixture, "task.create", "\"mine\", \"\"");
    const char *ref = REF_TEXT(value_uuid(task));
    g_autoptr(Value) before = host_fixture_call(fixture, "task.get_record", "\"%s\"", ref);
    become(fixture, "S-2", ROLE_VM_POWER_ADMIN);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        host_fixture_fails(fixture,
                           "RBAC_PERMISSION_DENIED: [ task.destroy/any; No permission in user "
                           "session. (Roles with this permission: pool-admin, pool-operator) ]",
                           changes[i].method, "\"%s\"%s", ref, changes[i].more);
    }
    g_autoptr(Value) after = host_fixture_call(fixture, "task.get_record", "\"%s\"", ref);
    g_assert_true(value_equal(before, after));
    become(fixture, "S-2", ROLE_POOL_OPERATOR);
    change_all(fixture, ref);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    host_fixture_add("/task-messages/own", test_own);
    host_fixture_add("/task-messages/of-others", test_of_others);
    return g_test_run();
}
