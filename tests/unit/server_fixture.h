/* The server under test of test_server.c and test_server_life.c: one route for each way a
 * handler can end its exchange. */
#pragma once

#include "net_fixture.h"

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

static inline void handle_echo(HttpExchange *exchange, void *user)
{
    (void)user;
    static const char *const headers[] = {"content-type", "text/plain", NULL};
    size_t length;
    const char *body = http_exchange_body(exchange, &length);
    http_reply(exchange, 200, headers, g_string_new_len(body, (gssize)length));
}

static inline void handle_whoami(HttpExchange *exchange, void *user)
{
    (void)user;
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%s root=%d tls=%d path=%s", http_exchange_peer(exchange),
                    http_exchange_is_local_root(exchange), http_exchange_is_tls(exchange),
                    http_exchange_head(exchange)->path);
    http_reply(exchange, 200, NULL, text);
}

static inline void handle_fail(HttpExchange *exchange, void *user)
{
    (void)user;
    http_reply_error(exchange, 500, "a <b> & \"c\"");
}

static inline void handle_nothing(HttpExchange *exchange, void *user)
{
    (void)exchange;
    (void)user;
}

static inline void handle_status(HttpExchange *exchange, void *user)
{
    (void)user;
    uint64_t status = g_ascii_strtoull(http_query(http_exchange_head(exchange), "code"), NULL, 10);
    http_reply(exchange, (int)status, NULL, g_string_new("text"));
}

static inline void handle_big(HttpExchange *exchange, void *user)
{
    (void)user;
    GString *body = g_string_sized_new(BIG_REPLY);
    g_string_set_size(body, BIG_REPLY);
    memset(body->str, 'b', BIG_REPLY);
    http_reply(exchange, 200, NULL, body);
}

static inline void handle_park(HttpExchange *exchange, void *user)
{
    Fixture *fixture = user;
    http_park(exchange, net_signal_raise, &fixture->gone);
    g_mutex_lock(&fixture->lock);
    g_ptr_array_add(fixture->parked, exchange);
    g_mutex_unlock(&fixture->lock);
    net_signal_raise(&fixture->entered);
}

static inline void handle_block(HttpExchange *exchange, void *user)
{
    Fixture *fixture = user;
    net_signal_raise(&fixture->entered);
    net_signal_wait(&fixture->release, 1);
    http_reply(exchange, 200, NULL, g_string_new("late"));
}

static inline void handle_take(HttpExchange *exchange, void *user)
{
    Fixture *fixture = user;
    fixture->taken = http_take_over(exchange);
    net_signal_raise(&fixture->entered);
}

#define PART_COUNT 2
#define PART_SIZE  BIG_REPLY

/* How far an answer in parts has come; the fixture's `gone` tells that it was cut off. */
typedef struct Parts {
    Fixture *fixture;
    int64_t length; /* as told to the client */
    unsigned sent;
} Parts;

static inline void lose_parts(void *user)
{
    Parts *parts = user;
    net_signal_raise(&parts->fixture->gone);
    g_free(parts);
}

static inline void send_next_part(HttpExchange *exchange, void *user)
{
    static const char *const headers[] = {"content-type", "text/event-stream", NULL};
    Parts *parts = user;
    GString *part = g_string_sized_new(PART_SIZE);
    g_string_set_size(part, PART_SIZE);
    memset(part->str, 'a' + (char)parts->sent, PART_SIZE);
    net_signal_raise(&parts->fixture->entered);
    if (parts->sent == PART_COUNT - 1) {
        http_send_last_part(exchange, part);
        g_free(parts);
        return;
    }
    parts->sent++;
    if (!(parts->sent == 1 ? http_begin_parts(exchange, headers, parts->length, part,
                                              send_next_part, lose_parts, parts)
                           : http_send_part(exchange, part, send_next_part, lose_parts, parts))) {
        lose_parts(parts);
    }
}

static inline void handle_parts(HttpExchange *exchange, void *user)
{
    Parts *parts = g_new0(Parts, 1);
    const char *length = http_query(http_exchange_head(exchange), "length");
    parts->fixture = user;
    parts->length = length ? g_ascii_strtoll(length, NULL, 10) : HTTP_ENDLESS;
    send_next_part(exchange, parts);
}

/* A part, then parked for what else there may be. */
static inline void handle_part_and_park(HttpExchange *exchange, void *user)
{
    static const char *const headers[] = {"content-type", "text/event-stream", NULL};
    http_begin_parts(exchange, headers, HTTP_ENDLESS, g_string_new("first"), handle_park, NULL,
                     user);
}

static inline void handle_refuse_stream(HttpExchange *exchange, void *user)
{
    (void)user;
    http_reply(exchange, 200, NULL, g_string_new("unread"));
}

static inline void fixture_init(Fixture *fixture, const HttpServerConfig *config, TlsContext *tls)
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
        {"GET", "/parts", HTTP_BODY_BUFFERED, 0, handle_parts, fixture},
        {"GET", "/part-and-park", HTTP_BODY_BUFFERED, 0, handle_part_and_park, fixture},
        {"GET", "/plain/status", HTTP_BODY_BUFFERED, 0, handle_status, NULL, true},
        {"POST", "/plain", HTTP_BODY_BUFFERED, BODY_LIMIT, handle_echo, NULL, true},
        {"CONNECT", "/console", HTTP_BODY_STREAMED, 0, handle_take, fixture},
        {"PUT", "/import", HTTP_BODY_STREAMED, 0, handle_take, fixture},
        {"PUT", "/import_refused", HTTP_BODY_STREAMED, 0, handle_refuse_stream, NULL},
        {"GET", "/export", HTTP_BODY_STREAMED, 0, handle_refuse_stream, NULL},
    };
    g_autoptr(Err) err = NULL;
    fixture->server = http_server_new(config, routes, G_N_ELEMENTS(routes), &err);
    assert_ok(fixture->server != NULL, err);
    assert_ok(http_server_listen_tcp(fixture->server, "127.0.0.1", 0, tls, &fixture->port, &err),
              err);
    g_assert_cmpuint(fixture->port, !=, 0);
    assert_ok(http_server_start(fixture->server, &err), err);
}

static inline void fixture_clear(Fixture *fixture)
{
    http_server_free(fixture->server);
    g_assert_null(fixture->taken);
    g_ptr_array_unref(fixture->parked);
    g_mutex_clear(&fixture->lock);
    net_signal_clear(&fixture->entered);
    net_signal_clear(&fixture->gone);
    net_signal_clear(&fixture->release);
}

static inline Stream *take(Fixture *fixture)
{
    net_signal_wait(&fixture->entered, 1);
    return g_steal_pointer(&fixture->taken);
}

/* Until no worker has anything to do: then every connection is back with its poller. */
static inline void wait_for_workers(Fixture *fixture)
{
    gint64 until = g_get_monotonic_time() + NET_TEST_DEADLINE;
    while (http_server_stats(fixture->server).busy_workers > 0) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_thread_yield();
    }
}

static const HttpServerConfig plain_config = {.pollers = 2};

/* Sends `request` on a connection of its own; all that comes back, up to its end. (owned) */
static inline char *talk_once(Fixture *fixture, const char *request)
{
    g_autoptr(Stream) stream = net_connect(fixture->port, NULL);
    net_send(stream, request);
    return net_read_all(stream);
}

static inline void *reply_to_parked(void *user)
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
