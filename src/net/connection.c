/* The life of a server's connection: handshake, heads, bodies, answers, and the end.
 * What a request means is exchange.c's and the handlers' matter.
 *
 * At any moment one thread holds a connection, or the poller has it in custody (poller.h).  Every
 * function here is called by the holder and gives the connection up: to the poller, to a worker,
 * or to nobody when it ends. */
#include "net/server_priv.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define READ_SIZE (16 * 1024) /* a TLS record, so that none is left half read */

/* A busy client's next request comes at once, and the way over the poller costs more than a small
 * call itself.  So a worker stays with its connection this long; but only so many workers at
 * once, for they are not there for others meanwhile. */
#define STAY_MSEC    2
#define STAY_WORKERS 8

/* What a client may still send while its connection ends, per turn. */
#define LINGER_READS 16

static void on_event(PollerItem *item, PollerEvent event);
static void on_timeout(Connection *connection);
static void on_ready(Connection *connection);
static void shake_hands(Connection *connection);
static void read_more(Connection *connection);
static void advance(Connection *connection);
static void parse_head(Connection *connection);
static void wait_for_head(Connection *connection);
static bool stay_for_input(Connection *connection);
static void begin_request(Connection *connection);
static int refusal(const HttpExchange *exchange, const char **ret_detail);
static void begin_body(Connection *connection);
static bool has_whole_request(const Connection *connection);
static void dispatch(Connection *connection);
static void flush(Connection *connection);
static void begin_linger(Connection *connection);
static void linger(Connection *connection);
static void arm(Connection *connection, uint32_t events, int timer);
static void free_item(PollerItem *item);

void connection_start(HttpServer *server, int fd, TlsContext *tls, const char *peer,
                      bool is_local_root)
{
    g_autoptr(Stream) stream = stream_new_fd(fd);
    if (tls) {
        stream = tls_accept(tls, g_steal_pointer(&stream), NULL);
        if (!stream) {
            return;
        }
    }
    Connection *connection = g_new0(Connection, 1);
    connection->item.fd = fd;
    connection->item.on_event = on_event;
    connection->item.free = free_item;
    connection->server = server_ref(server);
    connection->poller = server_choose_poller(server);
    connection->stream = g_steal_pointer(&stream);
    connection->phase = tls ? CONNECTION_HANDSHAKE : CONNECTION_HEAD;
    connection->head_begun = true;
    connection->is_tls = tls != NULL;
    connection->is_local_root = is_local_root;
    connection->exchange.connection = connection;
    g_strlcpy(connection->peer, peer, sizeof connection->peer);
    g_atomic_int_inc(&server->connections);
    arm(connection, EPOLLIN, SERVER_TIMER_HEAD);
}

void connection_send(Connection *connection, GString *message, GString *rest, FlushThen then)
{
    connection->out = message;
    connection->rest = rest;
    connection->sent = 0;
    connection->then = then;
    connection->phase = CONNECTION_HANDLER;
    flush(connection);
}

bool connection_stay(Connection *connection)
{
    WorkerHold *hold = connection->hold;
    hold->has_answered = false;
    advance(connection);
    return hold->has_request;
}

void connection_end_request(Connection *connection)
{
    HttpExchange *exchange = &connection->exchange;
    size_t used = exchange->head_length + exchange->body_length;
    if (connection->in && used < connection->in->len) {
        g_byte_array_remove_range(connection->in, 0, (guint)used);
    } else {
        g_clear_pointer(&connection->in, g_byte_array_unref);
    }
    http_head_clear(&exchange->head);
    *exchange = (HttpExchange){.connection = connection};
}

Stream *connection_detach(Connection *connection)
{
    HttpServer *server = connection->server;
    Stream *stream = g_steal_pointer(&connection->stream);
    g_atomic_int_add(&server->connections, -1);
    poller_retire(connection->poller, &connection->item);
    server_unref(server);
    return stream;
}

void connection_close(Connection *connection)
{
    const HttpExchange exchange = connection->exchange; /* the connection may go with the stream */
    stream_free(connection_detach(connection));
    if (exchange.next_part && exchange.on_part_lost) {
        exchange.on_part_lost(exchange.part_user);
    }
}

void connection_free(Connection *connection)
{
    http_head_clear(&connection->exchange.head);
    g_clear_pointer(&connection->in, g_byte_array_unref);
    if (connection->out) {
        g_string_free(connection->out, true);
    }
    if (connection->rest) {
        g_string_free(connection->rest, true);
    }
    g_free(connection);
}

static void on_event(PollerItem *item, PollerEvent event)
{
    Connection *connection = (Connection *)item;
    switch (event) {
    case POLLER_READY:
        on_ready(connection);
        break;
    case POLLER_TIMEOUT:
        on_timeout(connection);
        break;
    case POLLER_STOPPED:
        if (connection->phase == CONNECTION_PARKED) {
            exchange_peer_gone(connection);
        } else {
            connection_close(connection);
        }
        break;
    }
}

static void on_timeout(Connection *connection)
{
    bool has_begun = connection->in != NULL;
    if ((connection->phase == CONNECTION_HEAD && has_begun) ||
        connection->phase == CONNECTION_BODY) {
        exchange_refuse(connection, 408, "the request did not arrive in time");
    } else {
        connection_close(connection);
    }
}

static void on_ready(Connection *connection)
{
    switch (connection->phase) {
    case CONNECTION_HANDSHAKE:
        shake_hands(connection);
        break;
    case CONNECTION_HEAD:
    case CONNECTION_BODY:
        read_more(connection);
        break;
    case CONNECTION_PARKED:
        exchange_peer_gone(connection);
        break;
    case CONNECTION_FLUSH:
        flush(connection);
        break;
    case CONNECTION_LINGER:
        linger(connection);
        break;
    case CONNECTION_HANDLER:
        g_assert_not_reached();
    }
}

static void shake_hands(Connection *connection)
{
    int result = tls_try_handshake(connection->stream);
    if (result == STREAM_FAILED) {
        begin_linger(connection); /* the alert says why */
        return;
    }
    if (result == STREAM_AGAIN) {
        arm(connection, (uint32_t)stream_wanted_events(connection->stream), POLLER_KEEP_TIMER);
        return;
    }
    connection->phase = CONNECTION_HEAD;
    read_more(connection);
}

/* One read: the buffer holds a whole TLS record, so nothing is left where no poll sees it. */
static void read_more(Connection *connection)
{
    uint8_t buffer[READ_SIZE];
    ssize_t count = stream_try_read(connection->stream, buffer, sizeof buffer);
    if (count == STREAM_AGAIN) {
        arm(connection, (uint32_t)stream_wanted_events(connection->stream),
            connection->hold ? SERVER_TIMER_IDLE : POLLER_KEEP_TIMER);
        return;
    }
    if (count <= 0) {
        connection_close(connection);
        return;
    }
    if (!connection->in) {
        connection->in = g_byte_array_sized_new((guint)count);
    }
    g_byte_array_append(connection->in, buffer, (guint)count);
    advance(connection);
}

/* Goes on with the bytes that are there. */
static void advance(Connection *connection)
{
    if (connection->phase != CONNECTION_BODY) {
        parse_head(connection);
    } else if (has_whole_request(connection)) {
        dispatch(connection);
    } else {
        arm(connection, EPOLLIN, SERVER_TIMER_BODY);
    }
}

static void parse_head(Connection *connection)
{
    HttpExchange *exchange = &connection->exchange;
    int status = 0;
    HttpParse parsed = HTTP_PARSE_MORE;
    if (connection->in) {
        parsed = http1_parse_request((const char *)connection->in->data, connection->in->len,
                                     &exchange->head, &exchange->head_length, &status);
    }
    switch (parsed) {
    case HTTP_PARSE_MORE:
        wait_for_head(connection);
        break;
    case HTTP_PARSE_BAD:
        exchange_refuse(connection, status, NULL);
        break;
    case HTTP_PARSE_DONE:
        connection->head_begun = false;
        begin_request(connection);
        break;
    }
}

static void wait_for_head(Connection *connection)
{
    connection->phase = CONNECTION_HEAD;
    int timer = SERVER_TIMER_IDLE;
    if (connection->head_begun) {
        timer = POLLER_KEEP_TIMER;
    } else if (connection->in) {
        timer = SERVER_TIMER_HEAD;
        connection->head_begun = true;
    } else if (stay_for_input(connection)) {
        read_more(connection);
        return;
    }
    arm(connection, EPOLLIN, timer);
}

static bool stay_for_input(Connection *connection)
{
    HttpServer *server = connection->server;
    if (!connection->hold) {
        return false;
    }
    struct pollfd input = {.fd = connection->item.fd, .events = POLLIN};
    bool may_stay = g_atomic_int_add(&server->staying, 1) < STAY_WORKERS;
    bool is_ready = may_stay && poll(&input, 1, STAY_MSEC) > 0;
    g_atomic_int_add(&server->staying, -1);
    return is_ready;
}

static void begin_request(Connection *connection)
{
    HttpExchange *exchange = &connection->exchange;
    exchange->route = server_find_route(connection->server, &exchange->head);
    const char *detail = NULL;
    int status = refusal(exchange, &detail);
    if (status) {
        exchange_refuse(connection, status, detail);
    } else if (exchange->route->body == HTTP_BODY_STREAMED) {
        dispatch(connection);
    } else {
        exchange->body_length = (size_t)MAX(exchange->head.content_length, 0);
        begin_body(connection);
    }
}

/* The methods that XenServer knows; it answers any other with 501. */
static bool is_xenapi_method(const char *method)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "CONNECT", "OPTIONS", NULL};
    return g_strv_contains(methods, method);
}

/* The status for a request whose handler must not run, 0 when it may.  What XenAPI answers
 * with 500 has a status of its own in HTTP, but clients know this one. */
static int refusal(const HttpExchange *exchange, const char **ret_detail)
{
    const HttpHead *head = &exchange->head;
    const HttpRoute *route = exchange->route;
    if (!route) {
        *ret_detail = "nothing is offered for this method";
        return is_xenapi_method(head->method) ? 403 : 501;
    }
    if (route->body == HTTP_BODY_STREAMED) {
        return 0;
    }
    if (head->chunked) {
        *ret_detail = "a body in chunks is not supported";
        return route->by_http_rules ? 411 : 500;
    }
    bool needs_length = g_str_equal(head->method, "POST") || g_str_equal(head->method, "PUT") ||
                        g_str_equal(head->method, "PATCH");
    if (needs_length && head->content_length < 0 && !route->by_http_rules) {
        *ret_detail = "the request has no Content-Length";
        return 500;
    }
    if (head->content_length > 0 && (uint64_t)head->content_length > route->body_limit) {
        *ret_detail = "the body is longer than the limit";
        return route->by_http_rules ? 413 : 500;
    }
    return 0;
}

static void begin_body(Connection *connection)
{
    if (has_whole_request(connection)) {
        dispatch(connection);
        return;
    }
    const HttpHead *head = &connection->exchange.head;
    connection->phase = CONNECTION_BODY;
    if (head->minor_version > 0 && http_header_has_token(head, "Expect", "100-continue") &&
        connection->in->len == connection->exchange.head_length) {
        connection_send(connection, g_string_new("HTTP/1.1 100 Continue\r\n\r\n"), NULL,
                        FLUSH_THEN_BODY);
    } else {
        arm(connection, EPOLLIN, SERVER_TIMER_BODY);
    }
}

static bool has_whole_request(const Connection *connection)
{
    const HttpExchange *exchange = &connection->exchange;
    return connection->in->len - exchange->head_length >= exchange->body_length;
}

static void dispatch(Connection *connection)
{
    __atomic_fetch_add(&connection->server->requests, 1, __ATOMIC_RELAXED);
    connection->phase = CONNECTION_HANDLER;
    if (connection->hold) {
        connection->hold->has_request = true;
    } else if (!workers_push(connection->server->workers, connection)) {
        connection_close(connection);
    }
}

/* Frees what has been sent whole. */
static bool has_output(Connection *connection)
{
    while (connection->out && connection->sent == connection->out->len) {
        g_string_free(connection->out, true);
        connection->out = g_steal_pointer(&connection->rest);
        connection->sent = 0;
    }
    return connection->out != NULL;
}

static void flush(Connection *connection)
{
    bool waited = connection->phase == CONNECTION_FLUSH;
    bool progress = !waited;
    while (has_output(connection)) {
        ssize_t count =
            stream_try_write(connection->stream, connection->out->str + connection->sent,
                             connection->out->len - connection->sent);
        if (count == STREAM_AGAIN) {
            connection->phase = CONNECTION_FLUSH;
            arm(connection, (uint32_t)stream_wanted_events(connection->stream),
                progress ? SERVER_TIMER_WRITE : POLLER_KEEP_TIMER);
            return;
        }
        if (count == STREAM_FAILED) {
            connection_close(connection);
            return;
        }
        connection->sent += (size_t)count;
        progress = true;
    }
    switch (connection->then) {
    case FLUSH_THEN_BODY:
        connection->phase = CONNECTION_BODY;
        advance(connection);
        break;
    case FLUSH_THEN_NEXT:
        connection->phase = CONNECTION_HEAD;
        if (connection->hold) {
            connection->hold->has_answered = true;
        } else {
            advance(connection);
        }
        break;
    case FLUSH_THEN_CLOSE:
        begin_linger(connection);
        break;
    case FLUSH_THEN_PART:
        connection->phase = CONNECTION_HANDLER;
        if (connection->hold) {
            connection->hold->has_part = true;
        } else if (!workers_push(connection->server->workers, connection)) {
            connection_close(connection);
        }
        break;
    }
}

/* Closing a socket with unread bytes resets the connection, and a reset can overtake the
 * answer.  So the client is told that nothing follows, and gets a moment to close first. */
static void begin_linger(Connection *connection)
{
    g_clear_pointer(&connection->in, g_byte_array_unref);
    stream_shutdown_write(connection->stream);
    connection->phase = CONNECTION_LINGER;
    arm(connection, EPOLLIN, SERVER_TIMER_LINGER);
}

/* Straight from the socket: what still comes need not be decrypted to be thrown away. */
static void linger(Connection *connection)
{
    uint8_t buffer[READ_SIZE];
    for (unsigned i = 0; i < LINGER_READS; i++) {
        ssize_t count = read(connection->item.fd, buffer, sizeof buffer);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
            connection_close(connection);
            return;
        }
        if (count < 0) {
            break;
        }
    }
    arm(connection, EPOLLIN, POLLER_KEEP_TIMER);
}

static void arm(Connection *connection, uint32_t events, int timer)
{
    connection->hold = NULL;
    if (!poller_arm(connection->poller, &connection->item, events, timer)) {
        connection_close(connection);
    }
}

static void free_item(PollerItem *item)
{
    connection_free((Connection *)item);
}
