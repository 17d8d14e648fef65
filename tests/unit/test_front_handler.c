/* front/handler.c and front/request.c: the ways handlers run and answer, and how they end. */
#include "front/handler.h"
#include "gen/db_task.h"
#include "gen/errors.h"
#include "host_fixture.h"

#include <signal.h>

typedef struct Fixture {
    HostFixture host;
    FrontHandlers *handlers;
    HttpServer *server;
    uint16_t port;
} Fixture;

/* Handlers get no user data, and there are few of them at a time. */
static NetSignal entered;

static bool reply_here(FrontRequest *request, Err **err)
{
    static const char *const headers[] = {"content-type", "text/plain", NULL};
    g_autofree char *name = front_request_param(request, "name");
    request->result = value_new_string("done");
    return front_request_reply(request, 200, headers, g_string_new(name), err);
}

static bool fail_here(FrontRequest *request, Err **err)
{
    g_autofree char *status = front_request_param(request, "status");
    request->status = status ? (int)g_ascii_strtoull(status, NULL, 10) : 0;
    return err_uuid_invalid(err, "VM", "<nothing>");
}

static bool wait_in_thread(FrontRequest *request, Err **err)
{
    GMutex mutex;
    GCond cond;
    g_mutex_init(&mutex);
    g_cond_init(&cond);
    net_signal_raise(&entered);
    g_mutex_lock(&mutex);
    while (op_wait(request->op, &cond, &mutex, err)) {
    }
    g_mutex_unlock(&mutex);
    g_mutex_clear(&mutex);
    g_cond_clear(&cond);
    return false;
}

/* Sends what it gets back, and breaks off when that is "break". */
static bool echo_stream(FrontRequest *request, Err **err)
{
    char buffer[100000];
    static const char *const headers[] = {"content-type", "text/x-echo", NULL};
    net_signal_raise(&entered);
    if (!front_request_start(request, headers, err)) {
        return false;
    }
    ssize_t length;
    while ((length = front_request_read(request, buffer, sizeof buffer, err)) > 0) {
        if (!front_request_write(request, buffer, (size_t)length, err)) {
            return false;
        }
        if (length >= 5 && memcmp(buffer, "break", 5) == 0) {
            return err_internal(err, "broken");
        }
    }
    front_request_progress(request, 0.5);
    return length == 0;
}

static bool write_for_ever(FrontRequest *request, Err **err)
{
    static const char text[FRONT_PIECE];
    if (!front_request_start_http10(request, NULL, err)) {
        return false;
    }
    net_signal_raise(&entered);
    while (front_request_write(request, text, sizeof text, err)) {
    }
    return false;
}

static bool refuse_stream(FrontRequest *request, Err **err)
{
    (void)request;
    return err_handle_invalid(err, "VM", "it");
}

static bool moved(FrontRequest *request, void *user, Err **err)
{
    return front_request_reply(request, 200, NULL, g_string_new(user), err);
}

static bool move_on(FrontRequest *request, Err **err)
{
    (void)err;
    front_request_move(request, moved, g_free, g_strdup("moved"));
    return true;
}

static bool has_name(Core *core, const HttpHead *head)
{
    (void)core;
    return http_query(head, "name") != NULL;
}

static const FrontHandler table[] = {
    {HTTP_ACTION_GET_AUDIT_LOG, FRONT_HERE, reply_here},
    {HTTP_ACTION_GET_HOST_BACKUP, FRONT_HERE, fail_here},
    {HTTP_ACTION_GET_SYSTEM_STATUS, FRONT_THREAD, wait_in_thread},
    {HTTP_ACTION_PUT_HOST_RESTORE, FRONT_STREAM, echo_stream},
    {HTTP_ACTION_GET_HOST_LOGS_DOWNLOAD, FRONT_STREAM, write_for_ever},
    {HTTP_ACTION_PUT_BLOB, FRONT_STREAM, refuse_stream},
    {HTTP_ACTION_GET_BLOB, FRONT_HERE, reply_here, has_name},
    {HTTP_ACTION_GET_ROOT, FRONT_HERE, move_on},
};

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(HttpRoute));
    net_signal_init(&entered);
    host_fixture_set_up(&fixture->host);
    fixture->handlers = front_handlers_new(fixture->host.core);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        front_handlers_add(fixture->handlers, &table[i], routes);
    }
    front_handlers_add_missing(fixture->handlers, HTTP_ACTION_PUT_IMPORT, routes);
    const HttpServerConfig config = {.pollers = 1, .min_workers = 1};
    fixture->server =
        http_server_new(&config, (const HttpRoute *)(void *)routes->data, routes->len, &err);
    assert_ok(fixture->server != NULL, err);
    assert_ok(http_server_listen_tcp(fixture->server, "127.0.0.1", 0, NULL, &fixture->port, &err) &&
                  http_server_start(fixture->server, &err),
              err);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    op_cancel(core_op(fixture->host.core));
    http_server_stop(fixture->server);
    front_handlers_free(fixture->handlers);
    http_server_free(fixture->server);
    host_fixture_tear_down(&fixture->host);
    net_signal_clear(&entered);
}

/* Sends a request by the session of the fixture; `rest` are more headers, the empty line and a
 * body. */
static Stream *G_GNUC_PRINTF(3, 4)
    request(Fixture *fixture, const char *rest, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *text = g_strdup_printf("%s HTTP/1.1\r\nCookie: session_id=%s\r\n%s", line,
                                            REF_TEXT(fixture->host.caller.session), rest);
    Stream *stream = net_connect(fixture->port, NULL);
    net_send(stream, text);
    return stream;
}

/* The whole answer of a request whose connection is closed. (owned) */
static char *read_answer(Stream *stream)
{
    g_autoptr(Stream) own_stream = stream;
    return net_read_all(own_stream);
}

static Uuid new_task(Fixture *fixture)
{
    g_autoptr(Value) task = host_fixture_call(&fixture->host, "task.create", "\"t\", \"\"");
    return value_uuid(task);
}

static TaskStatusType status_of(Fixture *fixture, Uuid task)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->host.db);
    return db_task_status(db_snapshot_view(snapshot), (TaskRef){task});
}

/* The server completes a task after it has seen the end of a client. */
static void await_status(Fixture *fixture, Uuid task, TaskStatusType status)
{
    gint64 until = g_get_monotonic_time() + NET_TEST_DEADLINE;
    while (status_of(fixture, task) == TASK_STATUS_TYPE_PENDING) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_thread_yield();
    }
    g_assert_cmpint(status_of(fixture, task), ==, status);
}

#define CLOSE "Connection: close\r\n\r\n"

static void test_here(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autofree char *answer = read_answer(
        request(fixture, CLOSE, "GET /audit_log/?name=a%%20b&task_id=%s", REF_TEXT(task)));
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n"));
    g_assert_true(g_str_has_suffix(answer, "content-type: text/plain\r\n"
                                           "access-control-allow-origin: *\r\n\r\na b"));
    g_assert_cmpint(status_of(fixture, task), ==, TASK_STATUS_TYPE_SUCCESS);
    g_autoptr(Value) result =
        host_fixture_call(&fixture->host, "task.get_result", "\"%s\"", REF_TEXT(task));
    g_assert_cmpstr(value_string(result), ==, "<value>done</value>");
}

static void test_failure(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autofree char *answer =
        read_answer(request(fixture, "\r\n", "GET /host_backup?task_id=%s", REF_TEXT(task)));
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 404 Not Found\r\n"));
    g_assert_nonnull(strstr(answer, "UUID_INVALID: [ VM; &lt;nothing&gt; ]"));
    g_assert_cmpint(status_of(fixture, task), ==, TASK_STATUS_TYPE_FAILURE);
    g_autofree char *chosen = read_answer(request(fixture, "\r\n", "GET /host_backup?status=400"));
    g_assert_true(g_str_has_prefix(chosen, "HTTP/1.1 400 Bad Request\r\n"));
}

/* Without a task of the client there is one for as long as the request lasts. */
static void test_own_task(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Stream) stream = request(fixture, "\r\n", "GET /system-status");
    net_signal_wait(&entered, 1);
    g_autoptr(Value) tasks = host_fixture_call(&fixture->host, "task.get_all_records", " ");
    g_assert_cmpuint(value_count(tasks), ==, 1);
    g_assert_cmpstr(value_get_string(value_at(tasks, 0), "name_label"), ==,
                    "Retrieving system status");
    host_fixture_run(&fixture->host, "task.cancel", "\"%s\"", value_name_at(tasks, 0));
    g_autofree char *answer = net_read_all(stream);
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 500 "));
    g_autoptr(Value) left = host_fixture_call(&fixture->host, "task.get_all", " ");
    g_assert_cmpuint(value_count(left), ==, 0);
}

static void test_cancel(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autoptr(Stream) stream =
        request(fixture, "\r\n", "GET /host_logs_download?task_id=%s", REF_TEXT(task));
    net_signal_wait(&entered, 1);
    host_fixture_run(&fixture->host, "task.cancel", "\"%s\"", REF_TEXT(task));
    await_status(fixture, task, TASK_STATUS_TYPE_CANCELLED);
}

/* A client that goes away ends what was done for it. */
static void test_gone(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char *const paths[] = {"system-status", "host_logs_download"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        Uuid task = new_task(fixture);
        Stream *stream = request(fixture, "\r\n", "GET /%s?task_id=%s", paths[i], REF_TEXT(task));
        net_signal_wait(&entered, i + 1);
        stream_free(stream);
        await_status(fixture, task, i == 0 ? TASK_STATUS_TYPE_CANCELLED : TASK_STATUS_TYPE_FAILURE);
    }
}

static void test_stream(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autofree char *answer = read_answer(request(fixture, "Content-Length: 4\r\n\r\nbodyrest",
                                                  "PUT /host_restore?task_id=%s", REF_TEXT(task)));
    g_assert_cmpstr(answer, ==,
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-cache, no-store\r\n"
                    "content-type: text/x-echo\r\naccess-control-allow-origin: *\r\n\r\nbody");
    g_assert_cmpint(status_of(fixture, task), ==, TASK_STATUS_TYPE_SUCCESS);
}

/* The 200 comes before the body; one without a length ends with the connection. */
static void test_stream_to_the_end(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Stream) stream = request(fixture, "\r\n", "PUT /host_restore");
    net_expect(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                       "Cache-Control: no-cache, no-store\r\ncontent-type: "
                       "text/x-echo\r\naccess-control-allow-origin: *\r\n\r\n");
    net_send(stream, "more");
    net_expect(stream, "more");
    stream_shutdown_write(stream);
    net_expect_end(stream);
}

/* Some tell a length they do not know, and cut the connection when they have sent all. */
static void test_stream_told_too_much(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autoptr(Stream) stream = request(fixture, "Content-Length: 1125899906842624\r\n\r\nbytes",
                                       "PUT /host_restore?task_id=%s", REF_TEXT(task));
    stream_shutdown_write(stream);
    await_status(fixture, task, TASK_STATUS_TYPE_SUCCESS);
}

static void test_chunked(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autofree char *answer =
        read_answer(request(fixture, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                            "PUT /host_restore?task_id=%s", REF_TEXT(task)));
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 500 "));
    g_autoptr(Value) why =
        host_fixture_call(&fixture->host, "task.get_error_info", "\"%s\"", REF_TEXT(task));
    g_autofree char *text = host_fixture_json(why);
    g_assert_cmpstr(text, ==, "[\"INTERNAL_ERROR\",\"Cannot handle encoding: chunked\"]");
}

/* An answer that breaks off does not look as if it were whole. */
static void test_broken_stream(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autoptr(Stream) stream =
        request(fixture, "\r\n", "PUT /host_restore?task_id=%s", REF_TEXT(task));
    g_autoptr(Op) op = op_new(NET_TEST_DEADLINE);
    char buffer[1000];
    net_signal_wait(&entered, 1);
    net_send(stream, "break");
    ssize_t length;
    while ((length = stream_read(stream, op, buffer, sizeof buffer, NULL)) > 0) {
    }
    g_assert_cmpint(length, ==, -1); /* reset */
    await_status(fixture, task, TASK_STATUS_TYPE_FAILURE);
}

static void test_refused_stream(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *answer =
        read_answer(request(fixture, "Content-Length: 3\r\n\r\nabc", "PUT /blob"));
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 404 Not Found\r\nConnection: close\r\n"));
    g_assert_nonnull(strstr(answer, "HANDLE_INVALID: [ VM; it ]"));
}

static void test_missing(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autofree char *answer = read_answer(
        request(fixture, "Content-Length: 3\r\n\r\n", "PUT /import/?task_id=%s", REF_TEXT(task)));
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 501 "));
    g_autoptr(Value) why =
        host_fixture_call(&fixture->host, "task.get_error_info", "\"%s\"", REF_TEXT(task));
    g_autofree char *text = host_fixture_json(why);
    g_assert_cmpstr(text, ==, "[\"NOT_IMPLEMENTED\",\"http/put_import\"]");
    g_autoptr(Stream) stranger = net_connect(fixture->port, NULL);
    net_send(stranger, "PUT /import HTTP/1.1\r\n\r\n");
    g_autofree char *refused = net_read_all(stranger);
    g_assert_true(g_str_has_prefix(refused, "HTTP/1.1 401 Unauthorised\r\n"));
}

/* A public action may want a session for some requests. */
static void test_private(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Stream) open = net_connect(fixture->port, NULL);
    net_send(open, "GET /blob HTTP/1.1\r\n" CLOSE);
    g_autofree char *given = net_read_all(open);
    g_assert_true(g_str_has_prefix(given, "HTTP/1.1 200 OK\r\n"));
    g_autoptr(Stream) closed = net_connect(fixture->port, NULL);
    net_send(closed, "GET /blob?name=x HTTP/1.1\r\n" CLOSE);
    g_autofree char *refused = net_read_all(closed);
    g_assert_true(g_str_has_prefix(refused, "HTTP/1.1 401 Unauthorised\r\n"));
    g_autofree char *let_in = read_answer(request(fixture, CLOSE, "GET /blob?name=x"));
    g_assert_true(g_str_has_prefix(let_in, "HTTP/1.1 200 OK\r\n"));
}

static void test_move(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *answer = read_answer(request(fixture, CLOSE, "GET /anything"));
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 200 OK\r\nconnection: close\r\n"));
    g_assert_true(g_str_has_suffix(answer, "\r\n\r\nmoved"));
}

/* Two requests cannot work on one task. */
static void test_task_in_use(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid task = new_task(fixture);
    g_autoptr(Stream) first =
        request(fixture, "\r\n", "GET /system-status?task_id=%s", REF_TEXT(task));
    net_signal_wait(&entered, 1);
    g_autofree char *second =
        read_answer(request(fixture, CLOSE, "GET /audit_log?name=x&task_id=%s", REF_TEXT(task)));
    g_assert_true(g_str_has_prefix(second, "HTTP/1.1 403 "));
    g_assert_cmpint(status_of(fixture, task), ==, TASK_STATUS_TYPE_PENDING);
}

/* However many ask, the threads are bounded, and there is room again when one is done. */
static void test_limit(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GPtrArray) streams = g_ptr_array_new_with_free_func((GDestroyNotify)stream_free);
    for (unsigned i = 0; i < FRONT_MAX_THREADS; i++) {
        g_ptr_array_add(streams, request(fixture, "\r\n", "GET /system-status"));
    }
    net_signal_wait(&entered, FRONT_MAX_THREADS);
    g_autofree char *refused = read_answer(request(fixture, "\r\n", "GET /system-status"));
    g_assert_true(g_str_has_prefix(refused, "HTTP/1.1 503 "));
    g_autofree char *stream_refused = read_answer(request(fixture, "\r\n", "PUT /host_restore"));
    g_assert_true(g_str_has_prefix(stream_refused, "HTTP/1.1 503 "));
    g_ptr_array_set_size(streams, 0);
    gint64 until = g_get_monotonic_time() + NET_TEST_DEADLINE;
    bool has_room = false;
    while (!has_room) {
        g_autofree char *answer =
            read_answer(request(fixture, "Content-Length: 0\r\n\r\n", "PUT /host_restore"));
        has_room = g_str_has_prefix(answer, "HTTP/1.1 200 OK\r\n");
        g_assert_cmpint(g_get_monotonic_time(), <, until);
    }
}

#define CASE(name, func) g_test_add("/handler/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    CASE("here", test_here);
    CASE("failure", test_failure);
    CASE("own-task", test_own_task);
    CASE("cancel", test_cancel);
    CASE("gone", test_gone);
    CASE("stream", test_stream);
    CASE("stream-to-the-end", test_stream_to_the_end);
    CASE("stream-told-too-much", test_stream_told_too_much);
    CASE("chunked", test_chunked);
    CASE("broken-stream", test_broken_stream);
    CASE("refused-stream", test_refused_stream);
    CASE("missing", test_missing);
    CASE("private", test_private);
    CASE("move", test_move);
    CASE("task-in-use", test_task_in_use);
    CASE("limit", test_limit);
    return g_test_run();
}
