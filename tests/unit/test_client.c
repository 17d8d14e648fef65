/* client.c against answers written by hand, and against the server. */
#include "net_fixture.h"

#include "net/client.h"

#include <sys/socket.h>

/* A client and the other end of its connection. */
static HttpClient *client_with_peer(Stream **ret_peer)
{
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    *ret_peer = stream_new_fd(fds[0]);
    return http_client_new(stream_new_fd(fds[1]), "h:80");
}

typedef struct Answer {
    int status;
    char *body;
    size_t length;
    Err *err;
} Answer;

static void answer_clear(Answer *answer)
{
    g_free(answer->body);
    err_free(answer->err);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

/* The whole answer is there before the call is made, and then the end. */
static Answer call(const char *method, const char *text, size_t limit)
{
    g_autoptr(Stream) peer = NULL;
    g_autoptr(HttpClient) client = client_with_peer(&peer);
    net_send(peer, text);
    stream_shutdown_write(peer);
    g_autoptr(Op) op = net_test_op();
    Answer answer = {0};
    bool done = http_client_call(client, op, method, "/x", NULL, NULL, 0, limit, &answer.status,
                                 &answer.body, &answer.length, &answer.err);
    g_assert_true(done == (answer.err == NULL));
    g_assert_true(done == (answer.body != NULL));
    return answer;
}

static void test_request_bytes(void)
{
    g_autoptr(Stream) peer = NULL;
    g_autoptr(HttpClient) client = client_with_peer(&peer);
    static const char *const headers[] = {"cookie", "a=b", NULL};
    net_send(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                   "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    int status;
    size_t length;
    g_autofree char *body = NULL;
    assert_ok(http_client_call(client, op, "POST", "/RPC2", headers, "<x/>", 4, 100, &status, &body,
                               &length, &err),
              err);
    net_expect(peer, "POST /RPC2 HTTP/1.1\r\nhost: h:80\r\ncookie: a=b\r\n"
                     "content-length: 4\r\n\r\n<x/>");
    g_assert_cmpint(status, ==, 200);
    g_assert_cmpstr(body, ==, "ok");
    g_assert_cmpuint(length, ==, 2);
    g_autofree char *second = NULL;
    assert_ok(http_client_call(client, op, "GET", "/", NULL, NULL, 0, 100, &status, &second,
                               &length, &err),
              err);
    net_expect(peer, "GET / HTTP/1.1\r\nhost: h:80\r\n\r\n");
    g_assert_cmpint(status, ==, 404);
    g_assert_cmpstr(second, ==, "");
}

static void test_good_answers(void)
{
    static const struct {
        const char *method;
        const char *text;
        int status;
        const char *body;
    } cases[] = {
        {"GET", "HTTP/1.1 200 OK\r\n\r\nto the end", 200, "to the end"},
        {"GET", "HTTP/1.0 200 OK\r\n\r\n", 200, ""},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc, ignored", 200, "abc"},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 200, ""},
        {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", 304, ""},
        {"GET", "HTTP/1.1 204 No Content\r\n\r\nx", 204, ""},
        {"PUT", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200,
         "x"},
        {"GET",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n"
         "0123456789\r\n0\r\nTrailer: t\r\n\r\n",
         200, "abc0123456789"},
        {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Answer) answer = call(cases[i].method, cases[i].text, 20);
        assert_ok(answer.err == NULL, answer.err);
        g_assert_cmpint(answer.status, ==, cases[i].status);
        g_assert_cmpstr(answer.body, ==, cases[i].body);
        g_assert_cmpuint(answer.length, ==, strlen(cases[i].body));
    }
}

static void test_bad_answers(void)
{
    static const char *const texts[] = {
        "",
        "HTTP/1.1 200",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n012345678901234567890",
        "HTTP/1.1 200 OK\r\n\r\n012345678901234567890",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n012345678901234567890\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nfffffffffffffffe\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000003\r\nabc\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(Answer) answer = call("GET", texts[i], 20);
        if (!answer.err) {
            g_error("accepted: %s", texts[i]);
        }
        g_assert_true(err_is(answer.err, "INTERNAL_ERROR"));
    }
}

static void test_endless_framing(void)
{
    g_autoptr(GString) text =
        g_string_new("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;");
    gsize head = text->len;
    g_string_set_size(text, head + 5000);
    memset(text->str + head, 'e', 5000);
    g_auto(Answer) line = call("GET", text->str, 20);
    g_assert_nonnull(line.err);
    g_string_assign(text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    for (unsigned i = 0; i < 1000; i++) {
        g_string_append(text, "T: t\r\n");
    }
    g_auto(Answer) trailers = call("GET", text->str, 20);
    g_assert_nonnull(trailers.err);
}

static void test_open(void)
{
    g_autoptr(Stream) peer = NULL;
    HttpClient *client = client_with_peer(&peer);
    net_send(peer, "HTTP/1.1 200 OK\r\nTask-Id: t\r\n\r\nraw bytes");
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    g_auto(HttpHead) head = {0};
    g_autoptr(Stream) stream =
        http_client_open(client, op, "CONNECT", "/console?ref=r", 0, NULL, &head, &err);
    assert_ok(stream != NULL, err);
    net_expect(peer, "CONNECT /console?ref=r HTTP/1.0\r\nhost: h:80\r\n\r\n");
    g_assert_cmpint(head.status, ==, 200);
    g_assert_cmpstr(http_header(&head, "task-id"), ==, "t");
    net_expect(stream, "raw bytes");
    net_send(stream, "back");
    net_expect(peer, "back");
}

static void test_open_fails(void)
{
    g_autoptr(Stream) peer = NULL;
    HttpClient *client = client_with_peer(&peer);
    net_send(peer, "nonsense\r\n\r\n");
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    g_auto(HttpHead) head = {0};
    g_assert_null(http_client_open(client, op, "GET", "/", 1, NULL, &head, &err));
    g_assert_nonnull(err);
    g_assert_null(head.headers);
}

static void handle_echo(HttpExchange *exchange, void *user)
{
    (void)user;
    size_t length;
    const char *body = http_exchange_body(exchange, &length);
    http_reply(exchange, 200, NULL, g_string_new_len(body, (gssize)length));
}

static void test_against_server(void)
{
    enum { LENGTH = 300 * 1024 };
    static const HttpServerConfig config = {0};
    const HttpRoute route = {"POST", "/", HTTP_BODY_BUFFERED, LENGTH, handle_echo, NULL};
    g_autoptr(HttpServer) server = http_server_new(&config, &route, 1, NULL);
    uint16_t port;
    g_assert_true(http_server_listen_tcp(server, "127.0.0.1", 0, NULL, &port, NULL));
    g_assert_true(http_server_start(server, NULL));
    g_autoptr(HttpClient) client = http_client_new(net_connect(port, NULL), "127.0.0.1");
    g_autoptr(Op) op = net_test_op();
    g_autofree char *sent = g_strnfill(LENGTH, 's');
    for (size_t length = 0; length <= LENGTH; length += LENGTH / 10) {
        g_autoptr(Err) err = NULL;
        g_autofree char *body = NULL;
        int status;
        size_t got;
        assert_ok(http_client_call(client, op, "POST", "/", NULL, sent, length, LENGTH, &status,
                                   &body, &got, &err),
                  err);
        g_assert_cmpint(status, ==, 200);
        g_assert_cmpmem(body, got, sent, length);
    }
    g_assert_cmpuint(http_server_stats(server).connections, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client/request-bytes", test_request_bytes);
    g_test_add_func("/client/good-answers", test_good_answers);
    g_test_add_func("/client/bad-answers", test_bad_answers);
    g_test_add_func("/client/endless-framing", test_endless_framing);
    g_test_add_func("/client/open", test_open);
    g_test_add_func("/client/open-fails", test_open_fails);
    g_test_add_func("/client/against-server", test_against_server);
    return g_test_run();
}
