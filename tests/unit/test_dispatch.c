/* core/dispatch.c: the checks before a call in their order, tasks of asynchronous calls, parked
 * calls, and calls of the daemon's own. */
#include "host_fixture.h"

#include "gen/db_task.h"
#include "gen/db_vm.h"

/* An answer that comes on whatever thread. */
typedef struct Answer {
    NetSignal signal;
    Value *result;
    Err *error;
} Answer;

static void note_answer(void *user, const Value *result, const Err *error)
{
    Answer *answer = user;
    g_assert_true((result == NULL) != (error == NULL));
    answer->result = result ? value_ref((Value *)result) : NULL;
    answer->error = error ? err_copy(error) : NULL;
    net_signal_raise(&answer->signal);
}

static void answer_clear(Answer *answer)
{
    net_signal_clear(&answer->signal);
    value_unref(answer->result);
    err_free(answer->error);
}

/* `params` is JSON, session and all. */
static Dispatch *start(HostFixture *fixture, const char *method, const char *params, Err **err)
{
    g_autoptr(Value) list = json_parse(params, strlen(params), NULL);
    g_assert_nonnull(list);
    return dispatch_new(fixture->core, &fixture->caller, method, list, err);
}

/* dispatch_new() must fail with this, in the form of err_to_string(). */
static void assert_refused(HostFixture *fixture, const char *method, const char *params,
                           const char *expected)
{
    g_autoptr(Err) err = NULL;
    g_assert_null(start(fixture, method, params, &err));
    g_autofree char *text = err_to_string(err);
    g_assert_cmpstr(text, ==, expected);
}

static void test_names(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    assert_refused(fixture, "VM.dance", "[]", "MESSAGE_METHOD_UNKNOWN: [ VM.dance ]");
    assert_refused(fixture, "", "[]", "MESSAGE_METHOD_UNKNOWN: [  ]");
    assert_refused(fixture, "vm.start", "[]", "MESSAGE_METHOD_UNKNOWN: [ vm.start ]");
    assert_refused(fixture, "Async.VM.get_record", "[]",
                   "Fault: [ No async mode for this operation (rpc: Async.VM.get_record) ]");
    host_fixture_answers(fixture, "[]", "VM_guest_metrics.get_all", "%s", "");
    host_fixture_answers(fixture, "[]", "VM_guest_metrics_get_all", "%s", "");
}

/* Number of parameters before their types, types before the session. */
static void test_order_of_checks(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    assert_refused(fixture, "VM.get_record", "[]",
                   "MESSAGE_PARAMETER_COUNT_MISMATCH: [ VM.get_record; 1; 0 ]");
    assert_refused(fixture, "VM.get_all", "[\"x\", 1]",
                   "MESSAGE_PARAMETER_COUNT_MISMATCH: [ VM.get_all; 0; 1 ]");
    assert_refused(fixture, "Async.VM.start", "[\"x\"]",
                   "MESSAGE_PARAMETER_COUNT_MISMATCH: [ VM.start; 3; 0 ]");
    g_autoptr(Err) err = NULL;
    g_assert_null(start(fixture, "VM.start", "[\"x\", \"OpaqueRef:NULL\", 5, false]", &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    assert_refused(fixture, "VM.get_all", "[\"x\"]", "SESSION_INVALID: [ x ]");
    assert_refused(fixture, "VM.get_record", "[\"x\", \"OpaqueRef:NULL\"]",
                   "SESSION_INVALID: [ x ]");
}

static void test_internal_messages(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_autofree char *params = g_strdup_printf("[\"%s\", \"%s\", {}]",
                                              REF_TEXT(fixture->caller.session), HOST_REF(fixture));
    g_assert_null(start(fixture, "host.tickle_heartbeat", params, &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
}

static void test_short_call_answers_at_once(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Answer answer = {.result = NULL};
    net_signal_init(&answer.signal);
    g_autofree char *params = g_strdup_printf("[\"%s\"]", REF_TEXT(fixture->caller.session));
    Dispatch *dispatch = start(fixture, "VM_guest_metrics.get_all", params, NULL);
    g_assert_false(dispatch_may_wait(dispatch));
    dispatch_run(dispatch, note_answer, &answer);
    g_assert_nonnull(answer.result); /* without waiting */
    answer_clear(&answer);
}

/* The whole answer of a method without parameters, from a tree. (owned) */
static char *answer_of_tree(HostFixture *fixture, const char *method, const WireForm *form)
{
    g_autoptr(Value) result = host_fixture_call(fixture, method, "%s", "");
    GString *text = g_string_new(NULL);
    form->append_value(text, result);
    return g_string_free(text, FALSE);
}

/* The same as the front gets it, some items at a time. (owned) */
static char *answer_in_parts(HostFixture *fixture, const char *method, const WireForm *form)
{
    g_autofree char *params = g_strdup_printf("[\"%s\"]", REF_TEXT(fixture->caller.session));
    g_autoptr(LongResult) result = NULL;
    Answer answer = {.result = NULL};
    net_signal_init(&answer.signal);
    fixture->caller.long_result = &result;
    dispatch_run(start(fixture, method, params, NULL), note_answer, &answer);
    fixture->caller.long_result = NULL;
    g_assert_cmpint(value_kind(answer.result), ==, VALUE_VOID);
    answer_clear(&answer);

    GString *all = g_string_new(NULL);
    g_autoptr(GString) part = g_string_new(NULL);
    Writer writer;
    writer_init_text(&writer, form, part);
    bool is_whole = false;
    while (!is_whole) {
        uint64_t left = long_result_measure(result, &writer);
        g_assert_cmpuint(long_result_measure(result, &writer), ==,
                         left); /* lengths are known now */
        g_string_truncate(part, 0);
        is_whole = long_result_write(result, &writer, 5000);
        g_string_append_len(all, part->str, (gssize)part->len);
        g_assert_true(is_whole ? part->len == left : part->len < left);
    }
    return g_string_free(all, FALSE);
}

/* A long result is the text that its Value would give, however it is cut, and as long as it says.
 * What the host changes by itself meanwhile is either in what came before or in what comes
 * after. */
static void test_long_result(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    static const char *const methods[] = {"VM.get_all_records",   "VDI.get_all_records",
                                          "host.get_all_records", "SR.get_all_records",
                                          "role.get_all_records", "crashdump.get_all_records",
                                          "VM.get_all",           "crashdump.get_all"};
    host_fixture_start_vm(fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(methods) * WIRE_FORM_COUNT; i++) {
        const char *method = methods[i / WIRE_FORM_COUNT];
        const WireForm *form = &wire_forms[i % WIRE_FORM_COUNT];
        g_autofree char *before = answer_of_tree(fixture, method, form);
        g_autofree char *written = answer_in_parts(fixture, method, form);
        g_autofree char *after = answer_of_tree(fixture, method, form);
        if (strcmp(written, before) != 0) {
            g_assert_cmpstr(written, ==, after);
        }
    }
}

static Uuid template_of(HostFixture *fixture)
{
    g_autoptr(Value) found =
        host_fixture_call(fixture, "VM.get_by_name_label", "\"Other install media\"");
    return value_uuid(value_at(found, 0));
}

/* Waits until the task has ended. (owned) */
static Value *wait_task(HostFixture *fixture, Uuid task)
{
    g_autoptr(Value) token = value_new_string("");
    for (;;) {
        g_autoptr(Value) answer =
            host_fixture_call(fixture, "event.from", "[\"task/%s\"], \"%s\", 20.0", REF_TEXT(task),
                              value_string(token));
        Value *events = value_get(answer, "events");
        g_assert_cmpuint(value_count(events), >, 0); /* else the deadline has passed */
        Value *record = value_get(value_at(events, value_count(events) - 1), "snapshot");
        if (strcmp(value_get_string(record, "status"), "pending") != 0) {
            return value_ref(record);
        }
        value_unref(token);
        token = value_ref(value_get(answer, "token"));
    }
}

static void test_async(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Value) task = host_fixture_call(fixture, "Async.VM.clone", "\"%s\", \"copy\"",
                                              REF_TEXT(template_of(fixture)));
    g_assert_cmpint(value_kind(task), ==, VALUE_REF);
    g_autoptr(Value) record = wait_task(fixture, value_uuid(task));
    g_assert_cmpstr(value_get_string(record, "status"), ==, "success");
    g_assert_cmpstr(value_get_string(record, "name_label"), ==, "Async.VM.clone");
    g_assert_true(g_str_has_prefix(value_get_string(record, "result"), "<value>OpaqueRef:"));
}

static void test_async_failure(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    const char *vm = REF_TEXT(template_of(fixture));
    g_autoptr(Value) task =
        host_fixture_call(fixture, "Async.VM.start", "\"%s\", false, false", vm);
    g_autoptr(Value) record = wait_task(fixture, value_uuid(task));
    g_assert_cmpstr(value_get_string(record, "status"), ==, "failure");
    Value *info = value_get(record, "error_info");
    g_assert_cmpstr(value_string(value_at(info, 0)), ==, "VM_IS_TEMPLATE");
    g_assert_cmpstr(value_string(value_at(info, 1)), ==, vm);
}

/* A disk that holds the row of an asynchronous call's task back until it is let go on. */
typedef struct SlowDisk {
    NetSignal go_on;
    NetSignal began; /* the call's own work can be seen */
    gint has_task;
} SlowDisk;

static bool slow_load(void *user, DbLoadFunc each, void *each_user, uint64_t *ret_generation,
                      Err **err)
{
    (void)user;
    (void)each;
    (void)each_user;
    (void)err;
    *ret_generation = 0;
    return true;
}

static bool slow_commit(void *user, const DbSchema *schema, const DbRow *rows, unsigned count,
                        uint64_t generation, Err **err)
{
    (void)schema;
    (void)generation;
    (void)err;
    SlowDisk *disk = user;
    for (unsigned i = 0; i < count; i++) {
        if (rows[i].class_id == CLASS_TASK && rows[i].json && strstr(rows[i].json, "Async.") &&
            !g_atomic_int_get(&disk->has_task)) {
            net_signal_wait(&disk->go_on, 1);
            g_atomic_int_set(&disk->has_task, 1);
        }
    }
    return true;
}

static void slow_close(void *user)
{
    (void)user;
}

static void note_work(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count)
{
    (void)snapshot;
    SlowDisk *disk = user;
    for (unsigned i = 0; i < count; i++) {
        if (changes[i].class_id == CLASS_VM) {
            net_signal_raise(&disk->began);
        }
    }
}

typedef struct DurableAnswer {
    SlowDisk *disk;
    Dispatch *dispatch;
    bool was_durable;
} DurableAnswer;

static void note_durable(void *user, const Value *result, const Err *error)
{
    DurableAnswer *answer = user;
    g_assert_null(error);
    g_assert_cmpint(value_kind(result), ==, VALUE_REF);
    answer->was_durable = g_atomic_int_get(&answer->disk->has_task);
}

static gpointer run_durable(gpointer user)
{
    DurableAnswer *answer = user;
    dispatch_run(answer->dispatch, note_durable, answer);
    return NULL;
}

static void test_async_is_durable(void)
{
    SlowDisk disk = {.has_task = 0};
    net_signal_init(&disk.began);
    net_signal_init(&disk.go_on);
    const DbBackend backend = {"slow", &disk, slow_load, slow_commit, slow_close};
    HostFixture fixture = {.dir = NULL};
    host_fixture_set_up_on(&fixture, &backend);
    g_autofree char *params =
        g_strdup_printf("[\"%s\", \"%s\", \"copy\"]", REF_TEXT(fixture.caller.session),
                        REF_TEXT(template_of(&fixture)));
    DurableAnswer answer = {.disk = &disk,
                            .dispatch = start(&fixture, "Async.VM.clone", params, NULL)};
    unsigned watch = db_watch(fixture.db, note_work, &disk);
    GThread *thread = g_thread_new("client", run_durable, &answer);
    net_signal_wait(&disk.began, 1);
    net_signal_raise(&disk.go_on);
    g_thread_join(thread);
    db_unwatch(fixture.db, watch);
    g_assert_true(answer.was_durable);
    host_fixture_tear_down(&fixture);
    net_signal_clear(&disk.began);
    net_signal_clear(&disk.go_on);
}

/* The task of a call that answers itself is gone with the answer, and holds nothing. */
static void test_task_of_a_long_call(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_run(fixture, "VM.clone", "\"%s\", \"copy\"", REF_TEXT(template_of(fixture)));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_cmpuint(db_count(view, CLASS_TASK), ==, 0);
    g_autoptr(GArray) vms = db_vm_all(view);
    for (guint i = 0; i < vms->len; i++) {
        const Value *current = db_vm_current_operations(view, g_array_index(vms, VmRef, i));
        g_assert_cmpuint(value_count(current), ==, 0);
    }
}

static void test_parked(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Answer answer = {.result = NULL};
    net_signal_init(&answer.signal);
    g_autoptr(Value) now = host_fixture_call(fixture, "event.from", "[\"pool\"], \"\", 0.0");
    g_autofree char *params =
        g_strdup_printf("[\"%s\", [\"pool\"], \"%s\", 1000.0]", REF_TEXT(fixture->caller.session),
                        value_get_string(now, "token"));
    Dispatch *dispatch = start(fixture, "event.from", params, NULL);
    g_assert_true(dispatch_may_wait(dispatch));
    dispatch_run(dispatch, note_answer, &answer);
    host_fixture_run(fixture, "pool.set_name_label", "\"%s\", \"woken\"", POOL_REF(fixture));
    net_signal_wait(&answer.signal, 1);
    Value *event = value_at(value_get(answer.result, "events"), 0);
    g_assert_cmpstr(value_get_string(event, "operation"), ==, "mod");
    answer_clear(&answer);
}

static void test_logout_ends_parked_calls(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Answer answer = {.result = NULL};
    net_signal_init(&answer.signal);
    g_autoptr(Value) now = host_fixture_call(fixture, "event.from", "[\"pool\"], \"\", 0.0");
    g_autofree char *params =
        g_strdup_printf("[\"%s\", [\"pool\"], \"%s\", 1000.0]", REF_TEXT(fixture->caller.session),
                        value_get_string(now, "token"));
    dispatch_run(start(fixture, "event.from", params, NULL), note_answer, &answer);
    host_fixture_run(fixture, "session.logout", "%s", "");
    net_signal_wait(&answer.signal, 1);
    g_assert_true(err_is(answer.error, "SESSION_INVALID"));
    g_assert_cmpstr(answer.error->params[0], ==, REF_TEXT(fixture->caller.session));
    answer_clear(&answer);
}

/* A client that has gone waits for no event; an operation goes on without it. */
static void test_peer_gone(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Answer answer = {.result = NULL};
    net_signal_init(&answer.signal);
    g_autofree char *next = g_strdup_printf("[\"%s\"]", REF_TEXT(fixture->caller.session));
    host_fixture_run(fixture, "event.register", "[\"pool\"]");
    Dispatch *dispatch = start(fixture, "event.next", next, NULL);
    dispatch_run(dispatch, note_answer, &answer);
    dispatch_peer_gone(dispatch);
    net_signal_wait(&answer.signal, 1);
    g_assert_nonnull(answer.error);
    answer_clear(&answer);
}

/* event.next hears of the pool though nothing changed; event.from, which has a timeout, does not.
 */
static void test_heartbeat(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Answer answer = {.result = NULL};
    net_signal_init(&answer.signal);
    g_autofree char *next = g_strdup_printf("[\"%s\"]", REF_TEXT(fixture->caller.session));
    host_fixture_run(fixture, "event.register", "[\"pool\"]");
    g_autoptr(Value) before = host_fixture_call(fixture, "event.from", "[\"pool\"], \"\", 0.0");
    dispatch_run(start(fixture, "event.next", next, NULL), note_answer, &answer);
    events_heartbeat(core_events(fixture->core));
    net_signal_wait(&answer.signal, 1);
    g_assert_cmpuint(value_count(answer.result), ==, 1);
    Value *event = value_at(answer.result, 0);
    g_assert_cmpstr(value_get_string(event, "class"), ==, "pool");
    g_assert_cmpstr(value_get_string(event, "operation"), ==, "mod");
    g_assert_nonnull(value_get(value_get(event, "snapshot"), "uuid"));
    g_autoptr(Value) after = host_fixture_call(fixture, "event.from", "[\"pool\"], \"%s\", 0.0",
                                               value_get_string(before, "token"));
    g_assert_cmpuint(value_count(value_get(after, "events")), ==, 0);
    answer_clear(&answer);
}

/* Objects that a message names are there when its implementation runs. */
static void test_refs(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    static const char gone[] = "OpaqueRef:11111111-2222-3333-4444-555555555555";
    const char *template = REF_TEXT(template_of(fixture));
    host_fixture_fails(fixture, "HANDLE_INVALID: [ VM; OpaqueRef:NULL ]", "VM.start",
                       "\"OpaqueRef:NULL\", false, false");
    host_fixture_fails(fixture,
                       "HANDLE_INVALID: [ VM; OpaqueRef:11111111-2222-3333-4444-55555555"
                       "5555 ]",
                       "VM.get_possible_hosts", "\"%s\"", gone);
    host_fixture_fails(fixture,
                       "HANDLE_INVALID: [ SR; OpaqueRef:11111111-2222-3333-4444-55555555"
                       "5555 ]",
                       "VM.copy", "\"%s\", \"copy\", \"%s\"", template, gone);
    g_autoptr(Value) copy =
        host_fixture_call(fixture, "VM.copy", "\"%s\", \"copy\", \"OpaqueRef:NULL\"", template);
}

static bool note_call(Call *call, void *user, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(call->db);
    bool *seen = user;
    g_assert_true(call->is_local_superuser);
    *seen = db_task_exists(db_snapshot_view(snapshot), (TaskRef){call->task});
    return err_internal(err, "it went wrong");
}

static void test_internal_work(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    bool seen = false;
    g_autoptr(Err) err = NULL;
    g_assert_false(core_run_internal(fixture->core, "house keeping", note_call, &seen, &err));
    g_assert_true(seen);
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_TASK), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(HostFixture *fixture, gconstpointer data);
    } tests[] = {
        {"/dispatch/names", test_names},
        {"/dispatch/order-of-checks", test_order_of_checks},
        {"/dispatch/internal-messages", test_internal_messages},
        {"/dispatch/short-call-answers-at-once", test_short_call_answers_at_once},
        {"/dispatch/long-result", test_long_result},
        {"/dispatch/async", test_async},
        {"/dispatch/async-failure", test_async_failure},
        {"/dispatch/task-of-a-long-call", test_task_of_a_long_call},
        {"/dispatch/parked", test_parked},
        {"/dispatch/logout-ends-parked-calls", test_logout_ends_parked_calls},
        {"/dispatch/peer-gone", test_peer_gone},
        {"/dispatch/heartbeat", test_heartbeat},
        {"/dispatch/refs", test_refs},
        {"/dispatch/internal-work", test_internal_work},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        host_fixture_add(tests[i].path, tests[i].func);
    }
    g_test_add_func("/dispatch/async-is-durable", test_async_is_durable);
    return g_test_run();
}
