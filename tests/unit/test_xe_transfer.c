/* Files that xe moves: through the conversation, by PUT and by GET, and which it refuses. */
#include "net/server.h"
#include "net/thincli.h"
#include "xe/xe_transfer.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server with files, a folder of the user's, and both ends of a conversation. */
typedef struct Fixture {
    HttpServer *server;
    char *folder, *file;
    XeOptions options;
    XeSession session;
    Stream *peer; /* the daemon's end */
    Op *op;
    GPtrArray *named;
} Fixture;

static void serve_get(HttpExchange *exchange, void *user)
{
    (void)user;
    const char *path = http_exchange_head(exchange)->path;
    if (g_str_equal(path, "/file")) {
        http_reply(exchange, 200, NULL, g_string_new("content of the file"));
    } else if (g_str_equal(path, "/moved")) {
        const char *const headers[] = {"location", "/file", NULL};
        http_reply(exchange, 302, headers, NULL);
    } else {
        http_reply(exchange, 404, NULL, NULL);
    }
}

/* Answers before the body is read, as the daemon does, and checks what comes. */
static void serve_put(HttpExchange *exchange, void *user)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    (void)user;
    int64_t length = http_exchange_head(exchange)->content_length;
    g_autoptr(Stream) stream = http_take_over(exchange);
    g_autoptr(Op) op = op_new(30 * USEC_PER_SEC);
    g_autofree char *body = g_malloc0((gsize)length + 1);
    g_assert_true(stream_write_all(stream, op, ok, strlen(ok), NULL));
    g_assert_true(stream_read_exact(stream, op, body, (size_t)length, NULL));
    g_assert_cmpstr(body, ==, "what is uploaded");
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    static const HttpRoute routes[] = {
        {"GET", "/", HTTP_BODY_BUFFERED, 0, serve_get, NULL},
        {"PUT", "/", HTTP_BODY_STREAMED, 0, serve_put, NULL},
    };
    int pair[2];
    uint16_t port = 0;
    (void)data;
    HttpServerConfig config = {0};
    fixture->server = http_server_new(&config, routes, G_N_ELEMENTS(routes), NULL);
    g_assert_true(http_server_listen_tcp(fixture->server, "127.0.0.1", 0, NULL, &port, NULL));
    g_assert_true(http_server_start(fixture->server, NULL));
    fixture->folder = g_dir_make_tmp("xe_transfer_XXXXXX", NULL);
    fixture->file = g_build_filename(fixture->folder, "file", NULL);
    fixture->named = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(fixture->named, g_strdup(fixture->file));
    fixture->op = op_new(60 * USEC_PER_SEC);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    fixture->peer = stream_new_fd(pair[0]);
    fixture->options = (XeOptions){.server = (char *)XE_LOCAL_SERVER, .port = port, .tls = false};
    fixture->session = (XeSession){.options = &fixture->options,
                                   .op = fixture->op,
                                   .stream = stream_new_fd(pair[1]),
                                   .named_files = fixture->named,
                                   .output = STDOUT_FILENO,
                                   .complaints = -1};
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    http_server_stop(fixture->server);
    http_server_free(fixture->server);
    stream_free(fixture->session.stream);
    stream_free(fixture->peer);
    g_unlink(fixture->file);
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->file);
    g_ptr_array_unref(fixture->named);
    op_unref(fixture->op);
}

static void assert_response(Fixture *fixture, ThinCliTag tag)
{
    g_auto(ThinCliMessage) message = {0};
    g_assert_true(thincli_read(fixture->peer, fixture->op, 1024, &message, NULL));
    g_assert_cmpint(message.kind, ==, THINCLI_RESPONSE);
    g_assert_cmpint(message.tag, ==, tag);
}

static void assert_file(const char *path, const char *expected)
{
    g_autofree char *content = NULL;
    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, expected);
}

static void test_get(Fixture *fixture, gconstpointer data)
{
    bool failed = false;
    (void)data;
    g_assert_true(
        xe_transfer_get(&fixture->session, fixture->file, "/moved?task=1", &failed, NULL));
    g_assert_false(failed);
    assert_response(fixture, THINCLI_OK);
    assert_file(fixture->file, "content of the file");
}

/* Nothing is ever overwritten: xe gives up, and the server hears of it. */
static void test_get_existing(Fixture *fixture, gconstpointer data)
{
    bool failed = false;
    (void)data;
    g_assert_true(g_file_set_contents(fixture->file, "mine", -1, NULL));
    fixture->session.complaints = open("/dev/null", O_WRONLY | O_CLOEXEC);
    g_assert_true(xe_transfer_get(&fixture->session, fixture->file, "/file", &failed, NULL));
    close(fixture->session.complaints);
    g_assert_true(failed);
    assert_response(fixture, THINCLI_FAILED);
    assert_file(fixture->file, "mine");
}

static void test_get_missing(Fixture *fixture, gconstpointer data)
{
    bool failed = false;
    (void)data;
    g_assert_true(xe_transfer_get(&fixture->session, fixture->file, "/nowhere", &failed, NULL));
    g_assert_false(failed);
    assert_response(fixture, THINCLI_FAILED);
}

static void test_put(Fixture *fixture, gconstpointer data)
{
    bool failed = false;
    (void)data;
    g_assert_true(g_file_set_contents(fixture->file, "what is uploaded", -1, NULL));
    g_assert_true(xe_transfer_put(&fixture->session, fixture->file, "/import", &failed, NULL));
    g_assert_false(failed);
    assert_response(fixture, THINCLI_OK);
}

static void test_load(Fixture *fixture, gconstpointer data)
{
    char content[4] = "";
    (void)data;
    g_assert_true(g_file_set_contents(fixture->file, "abc", -1, NULL));
    g_assert_true(xe_transfer_load(&fixture->session, fixture->file, NULL));
    assert_response(fixture, THINCLI_OK);
    g_auto(ThinCliMessage) chunk = {0};
    g_assert_true(thincli_read(fixture->peer, fixture->op, 1024, &chunk, NULL));
    g_assert_cmpint(chunk.tag, ==, THINCLI_CHUNK);
    g_assert_cmpint(chunk.number, ==, 3);
    g_assert_true(stream_read_exact(fixture->peer, fixture->op, content, 3, NULL));
    g_assert_cmpstr(content, ==, "abc");
    g_auto(ThinCliMessage) end = {0};
    g_assert_true(thincli_read(fixture->peer, fixture->op, 1024, &end, NULL));
    g_assert_cmpint(end.tag, ==, THINCLI_END);
}

/* What the user did not name is not touched, whatever the server asks for. */
static void test_forbidden(Fixture *fixture, gconstpointer data)
{
    bool failed = false;
    (void)data;
    g_autofree char *other = g_build_filename(fixture->folder, "other", NULL);
    g_autofree char *around = g_build_filename(fixture->folder, "x", "..", "other", NULL);
    const char *const files[] = {"/etc/passwd", other, around, "../../etc/passwd"};
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        for (unsigned way = 0; way < 3; way++) {
            g_autoptr(Err) err = NULL;
            bool ok = way == 0 ? xe_transfer_load(&fixture->session, files[i], &err)
                      : way == 1
                          ? xe_transfer_put(&fixture->session, files[i], "/x", &failed, &err)
                          : xe_transfer_get(&fixture->session, files[i], "/file", &failed, &err);
            g_assert_false(ok);
            g_assert_true(err_is(err, "XE_FORBIDDEN"));
        }
    }
    g_assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/xe_transfer/get", Fixture, NULL, set_up, test_get, tear_down);
    g_test_add("/xe_transfer/get_existing", Fixture, NULL, set_up, test_get_existing, tear_down);
    g_test_add("/xe_transfer/get_missing", Fixture, NULL, set_up, test_get_missing, tear_down);
    g_test_add("/xe_transfer/put", Fixture, NULL, set_up, test_put, tear_down);
    g_test_add("/xe_transfer/load", Fixture, NULL, set_up, test_load, tear_down);
    g_test_add("/xe_transfer/forbidden", Fixture, NULL, set_up, test_forbidden, tear_down);
    return g_test_run();
}
