/* core/task.c: how tasks begin, go on, end, are cancelled and are forgotten. */
#include "core/task.h"
#include "gen/db_task.h"
#include "gen/errors.h"

typedef struct Fixture {
    Db *db;
    Tasks *tasks;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    fixture->tasks = tasks_new(fixture->db);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    tasks_free(fixture->tasks);
    db_close(fixture->db);
}

static TaskRef create(Fixture *fixture, Op *op)
{
    const TaskInfo info = {.label = "VM.start", .description = "words", .session = {{7}}};
    return (TaskRef){tasks_create(fixture->tasks, &info, op)};
}

/* The record of a task; NULL when it is gone. (owned) */
static Value *record(Fixture *fixture, TaskRef task)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbObject *object = db_find(db_snapshot_view(snapshot), CLASS_TASK, task.id);
    return object ? db_object_record(&model_schema, object, 0, NULL) : NULL;
}

static void assert_status(Fixture *fixture, TaskRef task, const char *status)
{
    g_autoptr(Value) now = record(fixture, task);
    g_assert_cmpstr(value_get_string(now, "status"), ==, status);
}

static void test_create(Fixture *fixture, gconstpointer data)
{
    (void)data;
    TaskRef task = create(fixture, NULL);
    g_autoptr(Value) now = record(fixture, task);
    g_assert_cmpstr(value_get_string(now, "name_label"), ==, "VM.start");
    g_assert_cmpstr(value_get_string(now, "name_description"), ==, "words");
    g_assert_cmpstr(value_get_string(now, "status"), ==, "pending");
    g_assert_cmpstr(value_get_string(now, "type"), ==, "<none/>");
    g_assert_cmpstr(value_get_string(now, "result"), ==, "");
    g_assert_cmpfloat(value_float(value_get(now, "progress")), ==, 0);
    g_assert_cmpint(value_datetime(value_get(now, "finished")), ==, 0);
    g_assert_cmpint(value_datetime(value_get(now, "created")), >, 0);
}

static void test_succeed(Fixture *fixture, gconstpointer data)
{
    (void)data;
    TaskRef task = create(fixture, NULL);
    g_autoptr(Value) result = value_new_ref((Uuid){{1}});
    tasks_succeed(fixture->tasks, task.id, result);
    g_autoptr(Value) now = record(fixture, task);
    g_assert_cmpstr(value_get_string(now, "status"), ==, "success");
    g_assert_cmpstr(value_get_string(now, "result"), ==,
                    "<value>OpaqueRef:01000000-0000-0000-0000-000000000000</value>");
    g_assert_cmpfloat(value_float(value_get(now, "progress")), ==, 1);
    g_assert_cmpint(value_datetime(value_get(now, "finished")), >, 0);
    g_assert_cmpuint(value_count(value_get(now, "error_info")), ==, 0);
}

static void test_results(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Value) nothing = value_new_void();
    TaskRef of_void = create(fixture, NULL), without = create(fixture, NULL);
    tasks_succeed(fixture->tasks, of_void.id, nothing);
    tasks_succeed(fixture->tasks, without.id, NULL);
    g_autoptr(Value) first = record(fixture, of_void);
    g_autoptr(Value) second = record(fixture, without);
    g_assert_cmpstr(value_get_string(first, "result"), ==, "<value></value>");
    g_assert_cmpstr(value_get_string(second, "result"), ==, "");
}

static void test_fail(Fixture *fixture, gconstpointer data)
{
    (void)data;
    TaskRef task = create(fixture, NULL);
    g_autoptr(Err) err = NULL;
    err_set(&err, "SOME_ERROR", "same", "same");
    tasks_fail(fixture->tasks, task.id, err);
    g_autoptr(Value) now = record(fixture, task);
    g_assert_cmpstr(value_get_string(now, "status"), ==, "failure");
    Value *info = value_get(now, "error_info");
    g_assert_cmpuint(value_count(info), ==, 3);
    g_assert_cmpstr(value_string(value_at(info, 0)), ==, "SOME_ERROR");
    g_assert_cmpstr(value_string(value_at(info, 2)), ==, "same");
    g_assert_cmpstr(value_get_string(now, "result"), ==, "");
}

static void test_ends_once(Fixture *fixture, gconstpointer data)
{
    (void)data;
    TaskRef task = create(fixture, NULL);
    g_autoptr(Err) err = NULL;
    err_set(&err, "SOME_ERROR");
    tasks_succeed(fixture->tasks, task.id, NULL);
    tasks_fail(fixture->tasks, task.id, err);
    tasks_progress(fixture->tasks, task.id, 0.5);
    g_autoptr(Value) now = record(fixture, task);
    g_assert_cmpstr(value_get_string(now, "status"), ==, "success");
    g_assert_cmpuint(value_count(value_get(now, "error_info")), ==, 0);
    g_assert_cmpfloat(value_float(value_get(now, "progress")), ==, 1);
}

static void test_progress(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Op) op = op_new(USEC_NEVER);
    TaskRef task = create(fixture, op);
    tasks_progress(fixture->tasks, task.id, 0.5);
    tasks_progress(fixture->tasks, task.id, 0.25); /* it never goes back */
    g_autoptr(Value) half = record(fixture, task);
    g_assert_cmpfloat(value_float(value_get(half, "progress")), ==, 0.5);
    tasks_progress(fixture->tasks, task.id, 7);
    g_autoptr(Value) full = record(fixture, task);
    g_assert_cmpfloat(value_float(value_get(full, "progress")), ==, 1);
    tasks_succeed(fixture->tasks, task.id, NULL);
}

static void test_cancel(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Op) op = op_new(USEC_NEVER);
    TaskRef task = create(fixture, op);
    g_assert_true(op_check(op, NULL));
    g_assert_true(tasks_cancel(fixture->tasks, task.id, NULL));
    g_autoptr(Err) err = NULL;
    g_assert_false(op_check(op, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
    assert_status(fixture, task, "pending"); /* until the work has noticed */
    tasks_fail(fixture->tasks, task.id, err);
    assert_status(fixture, task, "cancelled");
    g_assert_true(tasks_cancel(fixture->tasks, task.id, NULL));
}

static void test_cancel_without_work(Fixture *fixture, gconstpointer data)
{
    (void)data;
    TaskRef task = create(fixture, NULL);
    g_autoptr(Err) err = NULL;
    g_assert_false(tasks_cancel(fixture->tasks, task.id, &err));
    g_assert_true(err_is(err, "OPERATION_NOT_ALLOWED"));
    assert_status(fixture, task, "pending");
}

static void test_destroy(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Op) op = op_new(USEC_NEVER);
    TaskRef done = create(fixture, NULL), running = create(fixture, op);
    tasks_succeed(fixture->tasks, done.id, NULL);
    tasks_destroy(fixture->tasks, done.id);
    g_assert_null(record(fixture, done));
    tasks_destroy(fixture->tasks, running.id);
    assert_status(fixture, running, "pending");
    tasks_succeed(fixture->tasks, running.id, NULL);
    g_assert_null(record(fixture, running));
}

static void test_recover(Fixture *fixture, gconstpointer data)
{
    (void)data;
    TaskRef pending = create(fixture, NULL), done = create(fixture, NULL);
    tasks_succeed(fixture->tasks, done.id, NULL);
    tasks_recover(fixture->tasks);
    assert_status(fixture, pending, "cancelled");
    assert_status(fixture, done, "success");
    g_autoptr(Value) now = record(fixture, pending);
    g_assert_cmpint(value_datetime(value_get(now, "finished")), >, 0);
}

static void set_times(Fixture *fixture, TaskRef task, int64_t created, int64_t finished)
{
    DbTxn *txn = db_begin(fixture->db);
    db_task_set_created(txn, task, created);
    db_task_set_finished(txn, task, finished);
    db_commit_async(txn);
}

static void test_collect_old(Fixture *fixture, gconstpointer data)
{
    (void)data;
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    TaskRef fresh = create(fixture, NULL), stale = create(fixture, NULL);
    TaskRef waiting = create(fixture, NULL), forgotten = create(fixture, NULL);
    tasks_succeed(fixture->tasks, fresh.id, NULL);
    tasks_succeed(fixture->tasks, stale.id, NULL);
    set_times(fixture, stale, now - 2 * TASK_KEEP_SECONDS, now - TASK_KEEP_SECONDS - 10);
    set_times(fixture, waiting, now - TASK_PENDING_SECONDS + 100, 0);
    set_times(fixture, forgotten, now - TASK_PENDING_SECONDS - 10, 0);
    tasks_collect(fixture->tasks);
    assert_status(fixture, fresh, "success");
    g_assert_null(record(fixture, stale));
    assert_status(fixture, waiting, "pending");
    g_assert_null(record(fixture, forgotten));
}

/* What works under it holds locks by its name. */
static void test_collect_keeps_running(Fixture *fixture, gconstpointer data)
{
    (void)data;
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    g_autoptr(Op) op = op_new(USEC_NEVER);
    TaskRef task = create(fixture, op);
    set_times(fixture, task, now - 2 * TASK_PENDING_SECONDS, 0);
    tasks_collect(fixture->tasks);
    assert_status(fixture, task, "pending");
    tasks_succeed(fixture->tasks, task.id, NULL);
}

static void test_collect_many(Fixture *fixture, gconstpointer data)
{
    (void)data;
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    TaskRef tasks[TASK_MAX + 5];
    TaskRef pending = create(fixture, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tasks); i++) {
        tasks[i] = create(fixture, NULL);
        tasks_succeed(fixture->tasks, tasks[i].id, NULL);
        set_times(fixture, tasks[i], now - 1000, now - 1000 + i);
    }
    tasks_collect(fixture->tasks);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_TASK), ==, TASK_MAX);
    assert_status(fixture, pending, "pending");
    g_assert_null(record(fixture, tasks[0]));
    assert_status(fixture, tasks[G_N_ELEMENTS(tasks) - 1], "success");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/task/create", test_create},
        {"/task/succeed", test_succeed},
        {"/task/results", test_results},
        {"/task/fail", test_fail},
        {"/task/ends-once", test_ends_once},
        {"/task/progress", test_progress},
        {"/task/cancel", test_cancel},
        {"/task/cancel-without-work", test_cancel_without_work},
        {"/task/destroy", test_destroy},
        {"/task/recover", test_recover},
        {"/task/collect-old", test_collect_old},
        {"/task/collect-keeps-running", test_collect_keeps_running},
        {"/task/collect-many", test_collect_many},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
    return g_test_run();
}
