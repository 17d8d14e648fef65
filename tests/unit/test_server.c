/* The HTTP server over loopback: framing, routing, limits, parking, taking over, stopping. */
#include "net_fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>

#define BODY_LIMIT 1000
#define BIG_REPLY  (8 * 1024 * 1024)

typedef struct Fixture {
    HttpServer *server;
    uint16_t port;
    NetSignal entered; /* raised by handlers */
    NetSignal gone;    /* raised by on_gone */
    NetSignal release; /* awaited by the blocking handler */
    GMutex lock;
    GPtrArray *parked; /* HttpExchange */
    Stream *taken;
} Fixture;

static void handle_echo(HttpExchange *exchange, void *user)
{
    (void)user;
    static const char *const headers[] = {"content-type", "text/plain", NULL};
    size_t length;
    const char *body = http_exchange_body(exchange, &length);
    http_reply(exchange, 200, headers, g_string_new_len(body, (gssize)length));
}

static void handle_whoami(HttpExchange *exchange, void *user)
{
    (void)user;
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%s root=%d tls=%d path=%s", http_exchange_peer(exchange),
                    http_exchange_is_local_root(exchange), http_exchange_is_tls(exchange),
                    http_exchange_head(exchange)->path);
    http_reply(exchange, 200, NULL, text);
}

static void handle_fail(HttpExchange *exchange, void *user)
{
    (void)user;
    http_reply_error(exchange, 500, "a <b> & \"c\"");
}

static void handle_nothing(HttpExchange *exchange, void *user)
{
    (void)exchange;
    (void)user;
}

static void handle_status(HttpExchange *exchange, void *user)
{
    (void)user;
    uint64_t status = g_ascii_strtoull(http_query(http_exchange_head(exchange), "code"), NULL, 10);
    http_reply(exchange, (int)status, NULL, g_string_new("text"));
}

static void handle_big(HttpExchange *exchange, void *user)
{
    (void)user;
    GString *body = g_string_sized_new(BIG_REPLY);
    g_string_set_size(body, BIG_REPLY);
    memset(body->str, 'b', BIG_REPLY);
    http_reply(exchange, 200, NULL, body);
}

static void handle_park(HttpExchange *exchange, void *user)
{
    Fixture *fixture = user;
    http_park(exchange, net_signal_raise, &fixture->gone);
    g_mutex_lock(&fixture->lock);
    g_ptr_array_add(fixture->parked, exchange);
    g_mutex_unlock(&fixture->lock);
    net_signal_raise(&fixture->entered);
}

static void handle_block(HttpExchange *exchange, void *user)
{
    Fixture *fixture = user;
    net_signal_raise(&fixture->entered);
    net_signal_wait(&fixture->release, 1);
    http_reply(exchange, 200, NULL, g_string_new("late"));
}

static void handle_take(HttpExchange *exchange, void *user)
{
    Fixture *fixture = user;
    fixture->taken = http_take_over(exchange);
    net_signal_raise(&fixture->entered);
}

static void handle_refuse_stream(HttpExchange *exchange, void *user)
{
    (void)user;
    http_reply(exchange, 200, NULL, g_string_new("unread"));
}

static void fixture_init(Fixture *fixture, const HttpServerConfig *config, TlsContext *tls)
{
    *fixture = (Fixture){0};
    net_signal_init(&fixture->entered);
    net_signal_init(&fixture->gone);
    net_signal_init(&fixture->release);
    g_mutex_init(&fixture->lock);
    fixture->parked = g_ptr_array_new();
    const HttpRoute routes[] = {
        {"POST", "/", HTTP_BODY_BUFFERED, BODY_LIMIT, handle_echo, NULL},
        {"POST", "/park", HTTP_BODY_BUFFERED, BODY_LIMIT, handle_park, fixture},
        {"POST", "/block", HTTP_BODY_BUFFERED, BODY_LIMIT, handle_block, fixture},
        {"POST", "/cli", HTTP_BODY_BUFFERED, BODY_LIMIT, handle_take, fixture},
        {"GET", "/", HTTP_BODY_BUFFERED, 0, handle_whoami, NULL},
        {"HEAD", "/", HTTP_BODY_BUFFERED, 0, handle_whoami, NULL},
        {"GET", "/fail", HTTP_BODY_BUFFERED, 0, handle_fail, NULL},
        {"GET", "/nothing", HTTP_BODY_BUFFERED, 0, handle_nothing, NULL},
        {"GET", "/status", HTTP_BODY_BUFFERED, 0, handle_status, NULL},
        {"GET", "/big", HTTP_BODY_BUFFERED, 0, handle_big, NULL},
        {"CONNECT", "/console", HTTP_BODY_STREAMED, 0, handle_take, fixture},
        {"PUT", "/import", HTTP_BODY_STREAMED, 0, handle_take, fixture},
        {"PUT", "/import_refused", HTTP_BODY_STREAMED, 0, handle_refuse_stream, NULL},
        {"GET", "/export", HTTP_BODY_STREAMED, 0, handle_refuse_stream, NULL},
    };
    g_autoptr(Err) err = NULL;
    fixture->server = http_server_new(config, routes, G_N_ELEMENTS(routes), &err);
    net_assert_ok(fixture->server != NULL, err);
    net_assert_ok(
        http_server_listen_tcp(fixture->server, "127.0.0.1", 0, tls, &fixture->port, &err), err);
    g_assert_cmpuint(fixture->port, !=, 0);
    net_assert_ok(http_server_start(fixture->server, &err), err);
}

static void fixture_clear(Fixture *fixture)
{
    http_server_free(fixture->server);
    g_assert_null(fixture->taken);
    g_ptr_array_unref(fixture->parked);
    g_mutex_clear(&fixture->lock);
    net_signal_clear(&fixture->entered);
    net_signal_clear(&fixture->gone);
    net_signal_clear(&fixture->release);
}

static Stream *take(Fixture *fixture)
{
    net_signal_wait(&fixture->entered, 1);
    return g_steal_pointer(&fixture->taken);
}

static const HttpServerConfig plain_config = {.pollers = 2};

/* Sends `request` on a connection of its own and expects the answer to begin so, then the end. */
static char *talk_once(Fixture *fixture, const char *request)
{
    g_autoptr(Stream) stream = net_connect(fixture->port, NULL);
    net_send(stream, request);
    return net_read_all(stream);
}

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
        {"DELETE / HTTP/1.1\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n"},
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

static void *reply_to_parked(void *user)
{
    Fixture *fixture = user;
    for (unsigned i = 0; i < fixture->parked->len; i++) {
        http_reply(g_ptr_array_index(fixture->parked, i), 200, NULL, g_string_new("woken"));
    }
    g_ptr_array_set_size(fixture->parked, 0);
    return NULL;
}

#define PARK_REQUEST "POST /park HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
#define WOKEN_ANSWER "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\nwoken"

/* The request behind a parked one waits for it, and is answered by whoever ends the first. */
static void test_park_and_pipeline(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, PARK_REQUEST "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nnext");
    net_signal_wait(&fixture.entered, 1);
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 1);
    g_thread_join(g_thread_new("reply", reply_to_parked, &fixture));
    net_expect(stream,
               WOKEN_ANSWER "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: keep-alive\r\n"
                            "content-type: text/plain\r\n\r\nnext");
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 0);
    g_assert_cmpuint(fixture.gone.count, ==, 0);
    fixture_clear(&fixture);
}

static void test_many_parked(void)
{
    enum { COUNT = 500 };
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    Stream *streams[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        streams[i] = net_connect(fixture.port, NULL);
        net_send(streams[i], PARK_REQUEST);
    }
    net_signal_wait(&fixture.entered, COUNT);
    HttpServerStats stats = http_server_stats(fixture.server);
    g_assert_cmpuint(stats.parked, ==, COUNT);
    g_assert_cmpuint(stats.connections, ==, COUNT);
    g_assert_cmpuint(stats.workers, <=, 64);
    /* A server full of parked exchanges still answers. */
    g_autofree char *answer = talk_once(&fixture, "GET / HTTP/1.0\r\n\r\n");
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.0 200 OK\r\n"));
    g_thread_join(g_thread_new("reply", reply_to_parked, &fixture));
    for (unsigned i = 0; i < COUNT; i++) {
        net_expect(streams[i], WOKEN_ANSWER);
        stream_free(streams[i]);
    }
    fixture_clear(&fixture);
}

static void test_peer_gone(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    Stream *stream = net_connect(fixture.port, NULL);
    net_send(stream, PARK_REQUEST);
    net_signal_wait(&fixture.entered, 1);
    stream_free(stream);
    net_signal_wait(&fixture.gone, 1);
    reply_to_parked(&fixture);
    g_assert_cmpuint(fixture.gone.count, ==, 1);
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 0);
    g_assert_cmpuint(http_server_stats(fixture.server).connections, ==, 0);
    fixture_clear(&fixture);
}

typedef struct SelfReply {
    HttpExchange *exchange;
    NetSignal parked;
    NetSignal done;
} SelfReply;

static void reply_inside_gone(void *user)
{
    SelfReply *self = user;
    http_reply(self->exchange, 200, NULL, g_string_new("to nobody"));
    net_signal_raise(&self->done);
}

static void handle_self_reply(HttpExchange *exchange, void *user)
{
    SelfReply *self = user;
    self->exchange = exchange;
    http_park(exchange, reply_inside_gone, self);
    net_signal_raise(&self->parked);
}

static void test_reply_inside_gone(void)
{
    SelfReply self = {0};
    net_signal_init(&self.parked);
    net_signal_init(&self.done);
    const HttpRoute route = {"GET", "/", HTTP_BODY_BUFFERED, 0, handle_self_reply, &self};
    g_autoptr(HttpServer) server = http_server_new(&plain_config, &route, 1, NULL);
    uint16_t port;
    g_assert_true(http_server_listen_tcp(server, "127.0.0.1", 0, NULL, &port, NULL));
    g_assert_true(http_server_start(server, NULL));
    Stream *stream = net_connect(port, NULL);
    net_send(stream, "GET / HTTP/1.1\r\n\r\n");
    net_signal_wait(&self.parked, 1);
    stream_free(stream);
    net_signal_wait(&self.done, 1);
    http_server_stop(server);
    net_signal_clear(&self.parked);
    net_signal_clear(&self.done);
}

/* Peers that go away at the moment they are answered: either side may win, nothing is lost. */
static void test_gone_against_reply(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    for (unsigned i = 0; i < 200; i++) {
        Stream *stream = net_connect(fixture.port, NULL);
        net_send(stream, PARK_REQUEST);
        net_signal_wait(&fixture.entered, i + 1);
        GThread *thread = g_thread_new("reply", reply_to_parked, &fixture);
        stream_free(stream);
        g_thread_join(thread);
    }
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 0);
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

static void test_slow_head(void)
{
    const HttpServerConfig config = {.head_timeout = 20 * USEC_PER_MSEC};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Stream) silent = net_connect(fixture.port, NULL);
    net_expect_end(silent);
    g_autoptr(Stream) slow = net_connect(fixture.port, NULL);
    net_send(slow, "GET / HTTP/1.1\r\nX: ");
    g_autofree char *answer = net_read_all(slow);
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 408 Request Timeout\r\n"));
    /* A connection between requests has the idle timeout, not this one. */
    g_autoptr(Stream) kept = net_connect(fixture.port, NULL);
    net_send(kept, "GET /x HTTP/1.1\r\n\r\n");
    net_expect(kept, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n"
                     "127.0.0.1 root=0 tls=0 path=/x");
    g_autoptr(Stream) other = net_connect(fixture.port, NULL);
    net_expect_end(other);
    net_send(kept, "GET /x HTTP/1.1\r\n\r\nG");
    net_expect(kept, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n"
                     "127.0.0.1 root=0 tls=0 path=/x");
    net_expect(kept, "HTTP/1.1 408 Request Timeout\r\n");
    fixture_clear(&fixture);
}

static void test_slow_body_and_idle(void)
{
    const HttpServerConfig config = {.body_timeout = 20 * USEC_PER_MSEC,
                                     .idle_timeout = 20 * USEC_PER_MSEC};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autofree char *answer = talk_once(&fixture, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx");
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 408 Request Timeout\r\n"));
    g_autofree char *idle = talk_once(&fixture, "HEAD / HTTP/1.1\r\n\r\n");
    g_assert_true(g_str_has_prefix(idle, "HTTP/1.1 200 OK\r\n"));
    fixture_clear(&fixture);
}

static void test_big_reply_to_slow_reader(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "GET /big HTTP/1.1\r\nConnection: close\r\n\r\n");
    g_autofree char *answer = net_read_all(stream);
    const char *body = strstr(answer, "\r\n\r\n");
    g_assert_nonnull(body);
    g_assert_cmpuint(strlen(body + 4), ==, BIG_REPLY);
    fixture_clear(&fixture);
}

/* The worker is free while the rest of an answer waits for its reader, who is not waited for
 * without end. */
static void test_stuck_reader(void)
{
    const HttpServerConfig config = {
        .write_timeout = 20 * USEC_PER_MSEC, .max_workers = 1, .min_workers = 1};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Stream) stuck = net_connect(fixture.port, NULL);
    net_send(stuck, "GET /big HTTP/1.1\r\n\r\n");
    g_autofree char *other = talk_once(&fixture, "GET / HTTP/1.0\r\n\r\n");
    g_assert_true(g_str_has_prefix(other, "HTTP/1.0 200 OK\r\n"));
    gint64 until = g_get_monotonic_time() + NET_TEST_DEADLINE;
    while (http_server_stats(fixture.server).connections > 1) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_thread_yield();
    }
    fixture_clear(&fixture);
}

static void test_oldest_idle_is_closed(void)
{
    const HttpServerConfig config = {.pollers = 2, .max_connections = 3};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    Stream *streams[4];
    for (unsigned i = 0; i < G_N_ELEMENTS(streams); i++) {
        streams[i] = net_connect(fixture.port, NULL);
        net_send(streams[i], "HEAD / HTTP/1.1\r\n\r\n");
        net_expect(streams[i], "HTTP/1.1 200 OK\r\ncontent-length: 29\r\n"
                               "connection: keep-alive\r\n\r\n");
    }
    net_expect_end(streams[0]);
    net_send(streams[1], "HEAD / HTTP/1.1\r\n\r\n");
    net_expect(streams[1], "HTTP/1.1 200 OK\r\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(streams); i++) {
        stream_free(streams[i]);
    }
    fixture_clear(&fixture);
}

static void test_full_server_refuses(void)
{
    const HttpServerConfig config = {.max_connections = 1};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Stream) parked = net_connect(fixture.port, NULL);
    net_send(parked, PARK_REQUEST);
    net_signal_wait(&fixture.entered, 1);
    g_autoptr(Stream) refused = net_connect(fixture.port, NULL);
    net_expect_end(refused);
    reply_to_parked(&fixture);
    net_expect(parked, WOKEN_ANSWER);
    fixture_clear(&fixture);
}

static void test_unix_socket(void)
{
    g_autofree char *folder = g_dir_make_tmp("clearwater-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "api", NULL);
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Err) err = NULL;
    net_assert_ok(http_server_listen_unix(fixture.server, path, &err), err);
    struct stat info;
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Stream) stream = stream_connect_unix(op, path, &err);
    net_assert_ok(stream != NULL, err);
    net_send(stream, "GET /x HTTP/1.1\r\n\r\n");
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 25\r\nconnection: keep-alive\r\n\r\n"
                       "unix root=1 tls=0 path=/x");

    /* A socket left behind is replaced, any other file is not. */
    Fixture second;
    fixture_init(&second, &plain_config, NULL);
    net_assert_ok(http_server_listen_unix(second.server, path, &err), err);
    fixture_clear(&second);
    g_assert_cmpint(g_access(path, F_OK), !=, 0);
    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
    g_assert_false(http_server_listen_unix(fixture.server, path, NULL));
    fixture_clear(&fixture);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_bad_listen(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Err) err = NULL;
    g_assert_false(http_server_listen_tcp(fixture.server, "no address", 0, NULL, NULL, &err));
    g_assert_nonnull(err);
    g_autoptr(Err) in_use = NULL;
    g_assert_false(
        http_server_listen_tcp(fixture.server, "127.0.0.1", fixture.port, NULL, NULL, &in_use));
    g_assert_nonnull(in_use);
    fixture_clear(&fixture);
}

static void *stop_server(void *user)
{
    http_server_stop(((Fixture *)user)->server);
    return NULL;
}

/* Idle, parked, half read and running requests at once; the running one ends, parked ones are
 * told, and may be answered after the server is gone. */
static void test_stop_while_busy(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) idle = net_connect(fixture.port, NULL);
    g_autoptr(Stream) half = net_connect(fixture.port, NULL);
    net_send(half, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhal");
    g_autoptr(Stream) parked = net_connect(fixture.port, NULL);
    net_send(parked, PARK_REQUEST);
    g_autoptr(Stream) running = net_connect(fixture.port, NULL);
    net_send(running, "POST /block HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    net_signal_wait(&fixture.entered, 2);

    GThread *stopper = g_thread_new("stop", stop_server, &fixture);
    net_signal_raise(&fixture.release);
    g_thread_join(stopper);
    net_expect(running, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: ");
    g_assert_cmpuint(fixture.gone.count, ==, 1);
    net_expect_end(parked);
    net_expect_end(idle);

    http_server_free(g_steal_pointer(&fixture.server));
    reply_to_parked(&fixture);
    fixture_clear(&fixture);
}

static void test_stop_unstarted(void)
{
    const HttpRoute route = {"GET", "/", HTTP_BODY_BUFFERED, 0, handle_whoami, NULL};
    g_autoptr(HttpServer) server = http_server_new(&plain_config, &route, 1, NULL);
    g_assert_true(http_server_listen_tcp(server, "127.0.0.1", 0, NULL, NULL, NULL));
    http_server_stop(server);
    http_server_stop(server);
}

typedef struct TlsFiles {
    char *folder;
    char *pem;
    TlsContext *server;
    TlsContext *client;
} TlsFiles;

static void tls_files_init(TlsFiles *files)
{
    static const char *const addresses[] = {"127.0.0.1", NULL};
    g_autoptr(Err) err = NULL;
    files->folder = g_dir_make_tmp("clearwater-XXXXXX", NULL);
    files->pem = g_build_filename(files->folder, "host.pem", NULL);
    net_assert_ok(tls_make_self_signed(files->pem, "host.example", addresses, &err), err);
    files->server = tls_server_new(files->pem, &err);
    net_assert_ok(files->server != NULL, err);
    files->client = tls_client_new(files->pem, &err);
    net_assert_ok(files->client != NULL, err);
}

static void tls_files_clear(TlsFiles *files)
{
    tls_context_free(files->server);
    tls_context_free(files->client);
    g_assert_cmpint(g_remove(files->pem), ==, 0);
    g_assert_cmpint(g_rmdir(files->folder), ==, 0);
    g_free(files->pem);
    g_free(files->folder);
}

static void test_tls(void)
{
    TlsFiles files;
    tls_files_init(&files);
    Fixture fixture;
    fixture_init(&fixture, &plain_config, files.server);
    g_autoptr(Stream) stream = net_connect(fixture.port, files.client);
    net_send(stream, "GET /x HTTP/1.1\r\n\r\n" PARK_REQUEST);
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n"
                       "127.0.0.1 root=0 tls=1 path=/x");
    net_signal_wait(&fixture.entered, 1);
    reply_to_parked(&fixture);
    net_expect(stream, WOKEN_ANSWER);
    net_send(stream, "GET /big HTTP/1.0\r\n\r\n");
    g_autofree char *big = net_read_all(stream);
    g_assert_cmpuint(strlen(strstr(big, "\r\n\r\n") + 4), ==, BIG_REPLY);

    g_autoptr(Stream) gone = net_connect(fixture.port, files.client);
    net_send(gone, PARK_REQUEST);
    net_signal_wait(&fixture.entered, 2);
    stream_free(g_steal_pointer(&gone));
    net_signal_wait(&fixture.gone, 1);
    reply_to_parked(&fixture);
    fixture_clear(&fixture);
    tls_files_clear(&files);
}

/* The stream outlives server and context. */
static void test_tls_take_over(void)
{
    TlsFiles files;
    tls_files_init(&files);
    Fixture fixture;
    fixture_init(&fixture, &plain_config, files.server);
    g_autoptr(Stream) client = net_connect(fixture.port, files.client);
    net_send(client, "CONNECT /console HTTP/1.0\r\n\r\nearly");
    g_autoptr(Stream) taken = take(&fixture);
    fixture_clear(&fixture);
    tls_files_clear(&files);
    net_expect(taken, "early");
    net_send(taken, "back");
    net_expect(client, "back");
    stream_shutdown_write(client);
    net_expect_end(taken);
}

/* A client that never speaks TLS, and one that never speaks. */
static void test_tls_bad_handshake(void)
{
    const HttpServerConfig config = {.head_timeout = 50 * USEC_PER_MSEC};
    TlsFiles files;
    tls_files_init(&files);
    Fixture fixture;
    fixture_init(&fixture, &config, files.server);
    g_autoptr(Stream) plain = net_connect(fixture.port, NULL);
    net_send(plain, "GET / HTTP/1.1\r\n\r\n");
    g_autofree char *alert = net_read_all(plain);
    g_assert_null(strstr(alert, "HTTP/1.1 200"));
    g_autoptr(Stream) silent = net_connect(fixture.port, NULL);
    net_expect_end(silent);
    fixture_clear(&fixture);
    tls_files_clear(&files);
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
    g_test_add_func("/server/park-and-pipeline", test_park_and_pipeline);
    g_test_add_func("/server/many-parked", test_many_parked);
    g_test_add_func("/server/peer-gone", test_peer_gone);
    g_test_add_func("/server/reply-inside-gone", test_reply_inside_gone);
    g_test_add_func("/server/gone-against-reply", test_gone_against_reply);
    g_test_add_func("/server/take-over-connect", test_take_over_connect);
    g_test_add_func("/server/take-over-behind-body", test_take_over_behind_body);
    g_test_add_func("/server/upload-to-the-end", test_upload_to_the_end);
    g_test_add_func("/server/unread-stream-closes", test_unread_stream_closes);
    g_test_add_func("/server/slow-head", test_slow_head);
    g_test_add_func("/server/slow-body-and-idle", test_slow_body_and_idle);
    g_test_add_func("/server/big-reply-to-slow-reader", test_big_reply_to_slow_reader);
    g_test_add_func("/server/stuck-reader", test_stuck_reader);
    g_test_add_func("/server/oldest-idle-is-closed", test_oldest_idle_is_closed);
    g_test_add_func("/server/full-server-refuses", test_full_server_refuses);
    g_test_add_func("/server/unix-socket", test_unix_socket);
    g_test_add_func("/server/bad-listen", test_bad_listen);
    g_test_add_func("/server/stop-while-busy", test_stop_while_busy);
    g_test_add_func("/server/stop-unstarted", test_stop_unstarted);
    g_test_add_func("/server/tls", test_tls);
    g_test_add_func("/server/tls-take-over", test_tls_take_over);
    g_test_add_func("/server/tls-bad-handshake", test_tls_bad_handshake);
    return g_test_run();
}
