/* The HTTP server over loopback: framing, routing, bodies, refusals and taking over. */
#include "server_fixture.h"

static void test_exact_answer(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "POST /anything HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\n"
                       "content-type: text/plain\r\n\r\nhello");
    net_send(stream, "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
    net_expect(stream, "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n"
                       "content-type: text/plain\r\n\r\nhi");
    net_expect_end(stream);
    fixture_clear(&fixture);
}

static void test_keep_alive(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    for (unsigned i = 0; i < 100; i++) {
        net_send(stream, "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        net_expect(stream, "HTTP/1.0 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n"
                           "127.0.0.1 root=0 tls=0 path=/x");
    }
    g_assert_cmpuint(http_server_stats(fixture.server).connections, ==, 1);
    g_assert_cmpuint(http_server_stats(fixture.server).requests, ==, 100);
    net_send(stream, "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n");
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: close\r\n\r\n"
                       "127.0.0.1 root=0 tls=0 path=/x");
    net_expect_end(stream);
    fixture_clear(&fixture);
}

/* Requests sent at once, cut at every place, are answered in their order. */
static void test_pipelining(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    static const char requests[] = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\none"
                                   "\r\nPOST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
                                   "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nthree";
    static const char answers[] = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n"
                                  "connection: keep-alive\r\ncontent-type: text/plain\r\n\r\none"
                                  "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n"
                                  "connection: keep-alive\r\ncontent-type: text/plain\r\n\r\n"
                                  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"
                                  "connection: keep-alive\r\ncontent-type: text/plain\r\n\r\nthree";
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    for (size_t cut = 0; cut < strlen(requests); cut++) {
        g_autofree char *first = g_strndup(requests, cut);
        net_send(stream, first);
        net_send(stream, requests + cut);
        net_expect(stream, answers);
    }
    fixture_clear(&fixture);
}

static void test_refusals(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    static const struct {
        const char *request;
        const char *status_line;
    } cases[] = {
        {"POST / HTTP/1.1\r\n\r\n", "HTTP/1.1 500 Internal Error\r\n"},
        {"POST / HTTP/1.0\r\n\r\n", "HTTP/1.0 500 Internal Error\r\n"},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 500 Internal Error\r\n"},
        {"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 500 Internal Error\r\n"},
        {"POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n",
         "HTTP/1.1 500 Internal Error\r\n"},
        {"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 500 Internal Error\r\n"},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         "HTTP/1.1 400 Bad Request\r\n"},
        {"DELETE / HTTP/1.1\r\n\r\n", "HTTP/1.1 501 Method not implemented\r\n"},
        {"PUT /elsewhere HTTP/1.1\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n"},
        {"BREW / HTTP/1.1\r\n\r\n", "HTTP/1.1 501 Method not implemented\r\n"},
        {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
        {"PROXY TCP6 ::1 ::2 1 2\r\nGET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
        {"GET /fail HTTP/1.1\r\n\r\n", "HTTP/1.1 500 Internal Error\r\n"},
        {"GET /nothing HTTP/1.1\r\n\r\n", "HTTP/1.1 500 Internal Error\r\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *answer = talk_once(&fixture, cases[i].request);
        if (!g_str_has_prefix(answer, cases[i].status_line)) {
            g_error("%s was answered %s", cases[i].request, answer);
        }
        g_assert_nonnull(strstr(answer, "\r\nconnection: close\r\n"
                                        "cache-control: no-cache, no-store\r\n"
                                        "content-type: text/html\r\n\r\n<html><body><h1>HTTP "));
    }
    g_autofree char *page = talk_once(&fixture, "GET /fail HTTP/1.1\r\n\r\n");
    g_assert_true(g_str_has_suffix(
        page, "\r\n\r\n<html><body><h1>HTTP 500 internal server error</h1>"
              "<h1> Additional information </h1>a &lt;b&gt; &amp; &quot;c&quot;</body></html>"));
    fixture_clear(&fixture);
}

/* The refusal is read even by a client that goes on sending its body. */
static void test_refused_body_is_drained(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(GString) request = g_string_new("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n");
    gsize head = request->len;
    g_string_set_size(request, head + 200000);
    memset(request->str + head, 'x', 200000);
    g_autofree char *answer = talk_once(&fixture, request->str);
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 500 Internal Error\r\n"));
    fixture_clear(&fixture);
}

static void test_body_at_limit(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autofree char *body = g_strnfill(BODY_LIMIT, 'x');
    g_autofree char *request = g_strdup_printf(
        "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", BODY_LIMIT, body);
    g_autofree char *answer = talk_once(&fixture, request);
    g_assert_true(g_str_has_suffix(answer, body));
    fixture_clear(&fixture);
}

static void test_statuses(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "GET /status?code=304 HTTP/1.1\r\n\r\n");
    net_expect(stream, "HTTP/1.1 304 Not Modified\r\nconnection: keep-alive\r\n\r\n");
    net_send(stream, "GET /status?code=204 HTTP/1.1\r\n\r\n");
    net_expect(stream, "HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n");
    net_send(stream, "HEAD /h HTTP/1.1\r\n\r\n");
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n");
    net_send(stream, "GET /status?code=302 HTTP/1.1\r\n\r\n");
    net_expect(stream, "HTTP/1.1 302 Found\r\ncontent-length: 4\r\nconnection: close\r\n\r\ntext");
    net_expect_end(stream);
    fixture_clear(&fixture);
}

static void test_expect_continue(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    net_expect(stream, "HTTP/1.1 100 Continue\r\n\r\n");
    net_send(stream, "ok");
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n"
                       "content-type: text/plain\r\n\r\nok");
    net_send(stream, "POST / HTTP/1.1\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n");
    net_expect(stream, "HTTP/1.1 500 Internal Error\r\n");
    g_autoptr(Stream) upload = net_connect(fixture.port, NULL);
    net_send(upload, "PUT /import HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    net_expect(upload, "HTTP/1.1 100 Continue\r\n\r\n");
    g_autoptr(Stream) taken = take(&fixture);
    net_send(upload, "ok");
    net_expect(taken, "ok");
    fixture_clear(&fixture);
}

static void test_take_over_connect(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) client = net_connect(fixture.port, NULL);
    net_send(client, "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nxCONNECT /console?ref=r "
                     "HTTP/1.0\r\n\r\nearly bytes");
    net_expect(client, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n"
                       "content-type: text/plain\r\n\r\nx");
    g_autoptr(Stream) taken = take(&fixture);
    net_expect(taken, "early bytes");
    net_send(client, ", later bytes");
    net_expect(taken, ", later bytes");
    net_send(taken, "back");
    net_expect(client, "back");
    g_assert_cmpuint(http_server_stats(fixture.server).connections, ==, 0);
    fixture_clear(&fixture);
}

/* What follows the buffered body belongs to the stream. */
static void test_take_over_behind_body(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) client = net_connect(fixture.port, NULL);
    net_send(client, "POST /cli HTTP/1.0\r\nContent-Length: 4\r\n\r\nbodymore");
    g_autoptr(Stream) taken = take(&fixture);
    net_expect(taken, "more");
    fixture_clear(&fixture);
}

static void test_upload_to_the_end(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) client = net_connect(fixture.port, NULL);
    net_send(client, "PUT /import?x=y HTTP/1.0\r\n\r\npart one, ");
    g_autoptr(Stream) taken = take(&fixture);
    net_send(client, "part two");
    stream_shutdown_write(client);
    g_autofree char *all = net_read_all(taken);
    g_assert_cmpstr(all, ==, "part one, part two");
    fixture_clear(&fixture);
}

/* A streamed body that the handler leaves unread must not become the next request. */
static void test_unread_stream_closes(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    static const char *const closing[] = {
        "PUT /import_refused HTTP/1.1\r\nContent-Length: 26\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
        "PUT /import_refused HTTP/1.1\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
        "PUT /import_refused HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(closing); i++) {
        g_autofree char *answer = talk_once(&fixture, closing[i]);
        g_assert_cmpstr(answer, ==,
                        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nunread");
    }
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "GET /export HTTP/1.1\r\n\r\n");
    net_expect(stream,
               "HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: keep-alive\r\n\r\nunread");
    net_send(stream, "PUT /import_refused HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    net_expect(stream,
               "HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: keep-alive\r\n\r\nunread");
    fixture_clear(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/server/exact-answer", test_exact_answer);
    g_test_add_func("/server/keep-alive", test_keep_alive);
    g_test_add_func("/server/pipelining", test_pipelining);
    g_test_add_func("/server/refusals", test_refusals);
    g_test_add_func("/server/refused-body-is-drained", test_refused_body_is_drained);
    g_test_add_func("/server/body-at-limit", test_body_at_limit);
    g_test_add_func("/server/statuses", test_statuses);
    g_test_add_func("/server/expect-continue", test_expect_continue);
    g_test_add_func("/server/take-over-connect", test_take_over_connect);
    g_test_add_func("/server/take-over-behind-body", test_take_over_behind_body);
    g_test_add_func("/server/upload-to-the-end", test_upload_to_the_end);
    g_test_add_func("/server/unread-stream-closes", test_unread_stream_closes);
    return g_test_run();
}
