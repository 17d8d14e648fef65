/* Consoles and pictures over HTTP, and who is let in, against a server with a host behind it. */
#include "front/auth.h"
#include "front/console.h"
#include "front/snapshot.h"
#include "gen/db_session.h"
#include "gen/db_task.h"
#include "host_fixture.h"

#include <signal.h>

typedef struct Fixture {
    HostFixture host;
    ConsoleFront front;
    FrontHandlers *handlers;
    HttpServer *server;
    uint16_t port;
    Uuid vm;
    char *session; /* text of a session's reference */
} Fixture;

/* What the fake engine's framebuffer says to a viewer. */
static const char GREETING[] = "RFB 003.008\n";

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    host_fixture_set_up(&fixture->host);
    fixture->vm = host_fixture_start_vm(&fixture->host);
    fixture->session = g_strdup(REF_TEXT(fixture->host.caller.session));
    fixture->front.core = fixture->host.core;
    fixture->front.relay = relay_new(&err);
    assert_ok(fixture->front.relay != NULL, err);
    HttpRoute routes[FRONT_CONSOLE_ROUTES];
    front_console_routes(&fixture->front, routes);
    g_autoptr(GArray) table = g_array_new(FALSE, FALSE, sizeof(HttpRoute));
    g_array_append_vals(table, routes, FRONT_CONSOLE_ROUTES);
    fixture->handlers = front_handlers_new(fixture->host.core);
    front_handlers_add(fixture->handlers, &front_snapshot_handler, table);
    const HttpServerConfig config = {.pollers = 1, .min_workers = 1};
    fixture->server =
        http_server_new(&config, (const HttpRoute *)(void *)table->data, table->len, &err);
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
    relay_free(fixture->front.relay);
    front_handlers_free(fixture->handlers);
    http_server_free(fixture->server);
    host_fixture_tear_down(&fixture->host);
    g_free(fixture->session);
}

/* Sends a request whose line is "<method> <path>?<query>"; `headers` ends with an empty line. */
static Stream *G_GNUC_PRINTF(3, 4)
    request(Fixture *fixture, const char *headers, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    Stream *stream = net_connect(fixture->port, NULL);
    g_autofree char *text = g_strdup_printf("%s HTTP/1.0\r\n%s\r\n", line, headers);
    net_send(stream, text);
    return stream;
}

/* The request must be answered with this status and be over. */
static void expect_status(Stream *stream, int status)
{
    g_autoptr(Stream) own_stream = stream;
    g_autofree char *reply = net_read_all(own_stream);
    g_autofree char *start = g_strdup_printf("HTTP/1.0 %d ", status);
    g_assert_true(g_str_has_prefix(reply, start));
}

/* (owned) */
static char *get_text(Fixture *fixture, const char *method, const char *ref)
{
    g_autoptr(Value) value = host_fixture_call(&fixture->host, method, "\"%s\"", ref);
    return g_strdup(value_string(value));
}

static void test_connect(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *vm = REF_TEXT(fixture->vm);
    g_autofree char *uuid = get_text(fixture, "VM.get_uuid", vm);
    g_autoptr(Value) consoles = host_fixture_call(&fixture->host, "VM.get_consoles", "\"%s\"", vm);
    const char *console = REF_TEXT(value_uuid(value_at(consoles, 0)));
    g_autofree char *console_uuid = get_text(fixture, "console.get_uuid", console);
    char *targets[] = {g_strdup_printf("ref=%s", vm), g_strdup_printf("uuid=%s", uuid),
                       g_strdup_printf("ref=%s", console),
                       g_strdup_printf("uuid=%s", console_uuid)};
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autoptr(Stream) stream =
            request(fixture, "", "CONNECT /console?%s&session_id=%s", targets[i], fixture->session);
        net_expect(stream, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
                           "Cache-Control: no-cache, no-store\r\n\r\n");
        net_expect(stream, GREETING);
        g_free(targets[i]);
    }
}

/* The session may come in a cookie; the end of the guest ends the console. */
static void test_connect_until_shutdown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *vm = REF_TEXT(fixture->vm);
    g_autofree char *cookie = g_strdup_printf("Cookie: session_id=%s\r\n", fixture->session);
    g_autoptr(Stream) stream = request(fixture, cookie, "CONNECT /console?ref=%s", vm);
    net_expect(stream, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
                       "Cache-Control: no-cache, no-store\r\n\r\n");
    net_expect(stream, GREETING);
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", vm);
    net_expect_end(stream);
    expect_status(request(fixture, cookie, "CONNECT /console?ref=%s", vm), 500);
}

static void test_websocket(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char headers[] = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Protocol: binary\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    g_autoptr(Stream) stream = request(fixture, headers, "GET /console?ref=%s&session_id=%s",
                                       REF_TEXT(fixture->vm), fixture->session);
    net_expect(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                       "Sec-WebSocket-Protocol: binary\r\n\r\n");
    net_expect(stream, "\x82\x0c");
    net_expect(stream, GREETING);
    expect_status(request(fixture, "", "GET /console?ref=%s&session_id=%s", REF_TEXT(fixture->vm),
                          fixture->session),
                  400);
}

static void expect_picture(Fixture *fixture, const char *format, const char *type,
                           const char *first)
{
    g_autoptr(Stream) stream = request(fixture, "", "GET /vncsnapshot?ref=%s&session_id=%s%s",
                                       REF_TEXT(fixture->vm), fixture->session, format);
    g_autofree char *reply = net_read_all(stream);
    g_autofree char *line = g_strdup_printf("content-type: image/%s\r\n", type);
    g_assert_true(g_str_has_prefix(reply, "HTTP/1.0 200 OK\r\n"));
    g_assert_nonnull(strstr(reply, line));
    g_assert_nonnull(strstr(reply, "access-control-allow-origin: *\r\n"));
    g_assert_nonnull(strstr(reply, "content-disposition: attachment; filename=\"snapshot"));
    g_assert_nonnull(strstr(reply, first));
}

static void test_snapshot(Fixture *fixture, gconstpointer data)
{
    (void)data;
    expect_picture(fixture, "", "jpeg", ".jpg\"\r\n");
    expect_picture(fixture, "", "jpeg", "\r\n\r\n\xff\xd8\xff\xe0");
    expect_picture(fixture, "&format=png", "png", "\r\n\r\n\x89PNG\r\n");
}

static void test_missing(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char *const targets[] = {"",
                                          "ref=OpaqueRef:NULL",
                                          "ref=nonsense",
                                          "uuid=nonsense",
                                          "ref=OpaqueRef:11111111-2222-4333-8444-555555555555",
                                          "uuid=11111111-2222-4333-8444-555555555555"};
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        expect_status(
            request(fixture, "", "CONNECT /console?%s&session_id=%s", targets[i], fixture->session),
            404);
        expect_status(
            request(fixture, "", "GET /vncsnapshot?%s&session_id=%s", targets[i], fixture->session),
            404);
    }
}

static void test_strangers(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *vm = REF_TEXT(fixture->vm);
    static const char basic[] = "Authorization: Basic cm9vdDp3cm9uZw==\r\n"; /* root:wrong */
    expect_status(request(fixture, "", "CONNECT /console?ref=%s", vm), 401);
    expect_status(request(fixture, basic, "CONNECT /console?ref=%s", vm), 401);
    expect_status(request(fixture, "Cookie: pool_secret=x\r\n", "CONNECT /console?ref=%s", vm),
                  401);
    expect_status(request(fixture, "Authorization: Digest x\r\n", "CONNECT /console?ref=%s", vm),
                  500);
    expect_status(request(fixture, "", "CONNECT /console?ref=%s&session_id=OpaqueRef:NULL", vm),
                  401);
    g_autoptr(Stream) stream = request(fixture, "", "GET /vncsnapshot?ref=%s", vm);
    g_autofree char *reply = net_read_all(stream);
    g_assert_nonnull(
        strstr(reply, "WWW-Authenticate: Basic realm=\"Taking snapshot of VM console\"\r\n"));
}

/* The session that a password gave ends with the request. */
static void test_basic(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    Core *core = fixture->host.core;
    assert_ok(auth_set_password(core_auth(core), "root", "secret", &err), err);
    g_autoptr(Stream) stream =
        request(fixture, "Authorization: Basic cm9vdDpzZWNyZXQ=\r\n", /* root:secret */
                "GET /vncsnapshot?ref=%s", REF_TEXT(fixture->vm));
    g_autofree char *reply = net_read_all(stream);
    g_assert_true(g_str_has_prefix(reply, "HTTP/1.0 200 OK\r\n"));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->host.db);
    g_assert_cmpuint(db_session_count(db_snapshot_view(snapshot)), ==, 1);
}

/* The status of a client's task. */
static TaskStatusType task_status(Fixture *fixture, Uuid task)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->host.db);
    return db_task_status(db_snapshot_view(snapshot), (TaskRef){task});
}

static void test_task(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *vm = REF_TEXT(fixture->vm);
    g_autoptr(Value) good = host_fixture_call(&fixture->host, "task.create", "\"a\", \"\"");
    g_autoptr(Stream) stream =
        request(fixture, "", "GET /vncsnapshot?ref=%s&session_id=%s&task_id=%s", vm,
                fixture->session, REF_TEXT(value_uuid(good)));
    g_autofree char *reply = net_read_all(stream);
    g_assert_true(g_str_has_prefix(reply, "HTTP/1.0 200 "));
    g_assert_cmpint(task_status(fixture, value_uuid(good)), ==, TASK_STATUS_TYPE_SUCCESS);

    g_autoptr(Value) missing = host_fixture_call(&fixture->host, "task.create", "\"b\", \"\"");
    expect_status(request(fixture, "", "GET /vncsnapshot?ref=x&session_id=%s&task_id=%s",
                          fixture->session, REF_TEXT(value_uuid(missing))),
                  404);
    g_assert_cmpint(task_status(fixture, value_uuid(missing)), ==, TASK_STATUS_TYPE_FAILURE);

    g_autoptr(Value) stranger = host_fixture_call(&fixture->host, "task.create", "\"c\", \"\"");
    expect_status(request(fixture, "", "GET /vncsnapshot?ref=%s&task_id=%s", vm,
                          REF_TEXT(value_uuid(stranger))),
                  401);
    g_autoptr(Value) why = host_fixture_call(&fixture->host, "task.get_error_info", "\"%s\"",
                                             REF_TEXT(value_uuid(stranger)));
    g_autofree char *text = host_fixture_json(why);
    g_assert_cmpstr(text, ==, "[\"SESSION_AUTHENTICATION_FAILED\"]");
}

static void test_roles(void)
{
    const FrontCaller reader = {.info = {.roles = 1 << ROLE_READ_ONLY}};
    g_autoptr(Err) err = NULL;
    g_assert_true(front_auth_check(&reader, PERMISSION_HTTP_GET_BLOB, NULL));
    g_assert_false(front_auth_check(&reader, PERMISSION_HTTP_PUT_BLOB, &err));
    g_autofree char *text = err_to_string(err);
    g_assert_cmpstr(text, ==,
                    "RBAC_PERMISSION_DENIED: [ http/put_blob; No permission in user session. "
                    "(Roles with this permission: pool-admin, pool-operator, vm-power-admin) ]");
}

static void test_parse_bearer(void)
{
    g_assert_cmpstr(front_auth_parse_bearer("bearer x y"), ==, "x y");
    g_assert_cmpstr(front_auth_parse_bearer("Bearer "), ==, "");
    g_assert_null(front_auth_parse_bearer("Bearer"));
    g_assert_null(front_auth_parse_bearer("Basic cm9vdDphOmI="));
}

static void test_parse_basic(void)
{
    g_autofree char *user = NULL;
    g_autofree char *password = NULL;
    g_assert_true(front_auth_parse_basic("basic cm9vdDphOmI=", &user, &password)); /* root:a:b */
    g_assert_cmpstr(user, ==, "root");
    g_assert_cmpstr(password, ==, "a:b");

    g_autofree char *huge = g_strnfill(5000, 'A');
    g_autofree char *long_one = g_strdup_printf("Basic %s", huge);
    const char *const bad[] = {"",
                               "Basic",
                               "Basic ",
                               "Basic cm9vdA==" /* root */,
                               "Basic !!!!",
                               "Basic AHg6eQ==" /* NUL x : y */,
                               "Basic /zp5" /* no UTF-8 */,
                               "Bearer cm9vdDphOmI=",
                               long_one};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *no_user = NULL;
        g_autofree char *no_password = NULL;
        g_assert_false(front_auth_parse_basic(bad[i], &no_user, &no_password));
        g_assert_null(no_user);
    }
}

static void add(const char *path, void (*test)(Fixture *fixture, gconstpointer data))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    add("/console/connect", test_connect);
    add("/console/connect-until-shutdown", test_connect_until_shutdown);
    add("/console/websocket", test_websocket);
    add("/console/snapshot", test_snapshot);
    add("/console/missing", test_missing);
    add("/auth/strangers", test_strangers);
    add("/auth/basic", test_basic);
    add("/auth/task", test_task);
    g_test_add_func("/auth/roles", test_roles);
    g_test_add_func("/auth/parse-basic", test_parse_basic);
    g_test_add_func("/auth/parse-bearer", test_parse_bearer);
    return g_test_run();
}
