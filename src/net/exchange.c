/* One request and its answer: what a handler sees and may do.
 * The bytes come and go in connection.c. */
#include "base/log.h"
#include "base/text.h"
#include "net/server_priv.h"

enum {
    HEAD_SIZE = 256, /* room for most heads of answers */
    SMALL_BODY = 16 * 1024,
};

static void send_part(HttpExchange *exchange, GString *head, GString *part, HttpHandler next,
                      void (*on_gone)(void *user), void *user);
static void run_handler(HttpExchange *exchange);
static HttpHandler take_handler(HttpExchange *exchange, void **ret_user);
static bool claim(HttpExchange *exchange);
static void free_gone(HttpExchange *exchange);
static bool may_keep_connection(const HttpExchange *exchange, int status);
static GString *new_message(const HttpHead *head, int status, bool keep, const char *const *headers,
                            GString **body);
static GString *new_head(const HttpHead *head, int status, bool keep, const char *const *headers,
                         int64_t length);
static GString *new_error_page(int status, const char *detail);
static void answer(Connection *connection, int status, const char *const *headers, GString *body,
                   bool keep);
static void send_continue(const HttpExchange *exchange, Stream *stream);

const HttpHead *http_exchange_head(const HttpExchange *exchange)
{
    return &exchange->head;
}

const char *http_exchange_body(const HttpExchange *exchange, size_t *ret_length)
{
    *ret_length = exchange->body_length;
    return (const char *)exchange->connection->in->data + exchange->head_length;
}

const char *http_exchange_peer(const HttpExchange *exchange)
{
    return exchange->connection->peer;
}

bool http_exchange_is_local_root(const HttpExchange *exchange)
{
    return exchange->connection->is_local_root;
}

bool http_exchange_is_tls(const HttpExchange *exchange)
{
    return exchange->connection->is_tls;
}

void http_reply(HttpExchange *exchange, int status, const char *const *headers, GString *body)
{
    if (claim(exchange)) {
        answer(exchange->connection, status, headers, body, may_keep_connection(exchange, status));
    } else if (body) {
        g_string_free(body, true);
    }
}

void http_reply_error(HttpExchange *exchange, int status, const char *detail)
{
    if (claim(exchange)) {
        exchange_refuse(exchange->connection, status, detail);
    }
}

bool http_begin_parts(HttpExchange *exchange, const char *const *headers, int64_t length,
                      GString *part, HttpHandler next, void (*on_gone)(void *user), void *user)
{
    if (!claim(exchange)) {
        g_string_free(part, true);
        return false;
    }
    bool keep = length != HTTP_ENDLESS && may_keep_connection(exchange, 200);
    exchange->to_come = length;
    send_part(exchange, new_head(&exchange->head, 200, keep, headers, length), part, next, on_gone,
              user);
    return true;
}

bool http_send_part(HttpExchange *exchange, GString *part, HttpHandler next,
                    void (*on_gone)(void *user), void *user)
{
    if (!claim(exchange)) {
        g_string_free(part, true);
        return false;
    }
    send_part(exchange, NULL, part, next, on_gone, user);
    return true;
}

void http_send_last_part(HttpExchange *exchange, GString *part)
{
    if (!claim(exchange)) {
        g_string_free(part, true);
        return;
    }
    Connection *connection = exchange->connection;
    bool is_whole = exchange->to_come == (int64_t)part->len;
    bool keep = is_whole && may_keep_connection(exchange, 200);
    if (exchange->to_come != HTTP_ENDLESS && !is_whole) {
        log_error("an answer of %s %s is not as long as it was to be", exchange->route->method,
                  exchange->route->path);
    }
    connection_end_request(connection);
    connection_send(connection, part, NULL, keep ? FLUSH_THEN_NEXT : FLUSH_THEN_CLOSE);
}

void http_park(HttpExchange *exchange, void (*on_gone)(void *user), void *user)
{
    Connection *connection = exchange->connection;
    exchange->on_gone = on_gone;
    exchange->on_gone_user = user;
    exchange->parked = true;
    *exchange->ended = true;
    exchange->ended = NULL;
    connection->phase = CONNECTION_PARKED;
    connection->hold = NULL;
    g_atomic_int_inc(&connection->server->parked);
    if (!poller_arm(connection->poller, &connection->item, EPOLLRDHUP, POLLER_NO_TIMER)) {
        exchange_peer_gone(connection);
    }
}

Stream *http_take_over(HttpExchange *exchange)
{
    g_auto(HttpHead) head = {0};
    return http_take_over_with_head(exchange, &head);
}

Stream *http_take_over_with_head(HttpExchange *exchange, HttpHead *ret_head)
{
    Connection *connection = exchange->connection;
    *exchange->ended = true;
    Stream *stream = connection->stream;
    if (exchange->route->body == HTTP_BODY_STREAMED) {
        send_continue(exchange, stream);
    }
    *ret_head = exchange->head;
    exchange->head = (HttpHead){0};
    connection_end_request(connection);
    if (connection->in) {
        stream_unread(stream, connection->in->data, connection->in->len);
    }
    return connection_detach(connection);
}

void exchange_run_handler(void *job)
{
    Connection *connection = job;
    WorkerHold hold;
    do {
        hold = (WorkerHold){.has_answered = false};
        connection->hold = &hold;
        run_handler(&connection->exchange);
    } while (hold.has_part || (hold.has_answered && connection_stay(connection)));
}

void exchange_refuse(Connection *connection, int status, const char *detail)
{
    static const char *const headers[] = {
        "cache-control", "no-cache, no-store", "content-type", "text/html", NULL,
    };
    answer(connection, status, headers, new_error_page(status, detail), false);
}

void exchange_peer_gone(Connection *connection)
{
    HttpServer *server = server_ref(connection->server);
    HttpExchange *exchange = &connection->exchange;
    poller_forget(connection->poller, &connection->item);
    g_clear_pointer(&connection->stream, stream_free);
    g_atomic_int_add(&server->connections, -1);

    lock_acquire(&server->lock);
    exchange->gone = GONE_RUNNING;
    exchange->gone_thread = g_thread_self();
    lock_release(&server->lock);
    if (exchange->on_gone) {
        exchange->on_gone(exchange->on_gone_user);
    }
    lock_acquire(&server->lock);
    exchange->gone = GONE_DONE;
    bool replied = exchange->replied_in_gone;
    g_cond_broadcast(&server->gone_changed);
    lock_release(&server->lock);
    /* If not replied, another thread may have freed it by now. */
    if (replied) {
        free_gone(exchange);
    }
    server_unref(server);
}

/* Behind `head`, unless it is NULL. */
static void send_part(HttpExchange *exchange, GString *head, GString *part, HttpHandler next,
                      void (*on_gone)(void *user), void *user)
{
    exchange->parked = false;
    exchange->to_come -= exchange->to_come == HTTP_ENDLESS ? 0 : (int64_t)part->len;
    exchange->next_part = next;
    exchange->on_part_lost = on_gone;
    exchange->part_user = user;
    connection_send(exchange->connection, head ? head : part, head ? part : NULL, FLUSH_THEN_PART);
}

static void run_handler(HttpExchange *exchange)
{
    const HttpRoute *route = exchange->route;
    void *user = NULL;
    HttpHandler handler = take_handler(exchange, &user);
    bool ended = false;
    exchange->ended = &ended;
    handler(exchange, user);
    if (!ended) {
        log_error("the handler of %s %s left a request without an answer", route->method,
                  route->path);
        http_reply_error(exchange, 500, NULL);
    }
}

/* The route's, or whose turn it is in an answer of parts. */
static HttpHandler take_handler(HttpExchange *exchange, void **ret_user)
{
    HttpHandler next = exchange->next_part;
    *ret_user = next ? exchange->part_user : exchange->route->user;
    exchange->next_part = NULL;
    return next ? next : exchange->route->handler;
}

/* Makes the calling thread the connection's holder.  False when the peer of a parked exchange has
 * gone: then everything is freed. */
static bool claim(HttpExchange *exchange)
{
    Connection *connection = exchange->connection;
    HttpServer *server = connection->server;
    if (!exchange->parked) {
        *exchange->ended = true;
        return true;
    }
    if (poller_disarm(connection->poller, &connection->item)) {
        g_atomic_int_add(&server->parked, -1);
        return true;
    }

    lock_acquire(&server->lock);
    bool inside = exchange->gone == GONE_RUNNING && exchange->gone_thread == g_thread_self();
    exchange->replied_in_gone = inside;
    while (!inside && exchange->gone != GONE_DONE) {
        g_cond_wait(&server->gone_changed, &server->lock.mutex);
    }
    lock_release(&server->lock);
    if (!inside) {
        free_gone(exchange);
    }
    return false;
}

static void free_gone(HttpExchange *exchange)
{
    Connection *connection = exchange->connection;
    HttpServer *server = connection->server;
    g_atomic_int_add(&server->parked, -1);
    connection_free(connection);
    server_unref(server);
}

static bool may_keep_connection(const HttpExchange *exchange, int status)
{
    const HttpHead *head = &exchange->head;
    bool good = (status >= 200 && status < 300) || status == 304 || exchange->route->by_http_rules;
    if (!good || !head->keep_alive || server_is_stopping(exchange->connection->server)) {
        return false;
    }
    if (exchange->route->body == HTTP_BODY_BUFFERED) {
        return true;
    }
    /* Nobody has read the body, if there is one: without a length a PUT goes on to the end. */
    bool bodiless = g_str_equal(head->method, "GET") || g_str_equal(head->method, "HEAD") ||
                    g_str_equal(head->method, "OPTIONS");
    return head->content_length == 0 || (head->content_length < 0 && bodiless && !head->chunked);
}

static void answer(Connection *connection, int status, const char *const *headers, GString *body,
                   bool keep)
{
    GString *message = new_message(&connection->exchange.head, status, keep, headers, &body);
    connection_end_request(connection);
    connection_send(connection, message, body, keep ? FLUSH_THEN_NEXT : FLUSH_THEN_CLOSE);
}

static void append_line(GString *out, const char *before, int64_t number, const char *after)
{
    char digits[TEXT_INT_SIZE];
    g_string_append(out, before);
    g_string_append(out, text_format_int(number, digits));
    if (*after) {
        g_string_append_c(out, ' ');
        g_string_append(out, after);
    }
    g_string_append(out, "\r\n");
}

/* What is sent before `body`.  Takes over and clears a body that is not to be sent, or so small
 * that one packet does for both. `head` is empty when the request could not be parsed. */
static GString *new_message(const HttpHead *head, int status, bool keep, const char *const *headers,
                            GString **body)
{
    bool is_head = head->method && g_str_equal(head->method, "HEAD");
    bool has_body = status != 204 && status != 304;
    size_t length = *body ? (*body)->len : 0;
    bool is_small = length <= SMALL_BODY;
    GString *message =
        new_head(head, status, keep, headers, has_body ? (int64_t)length : HTTP_ENDLESS);
    bool is_sent = has_body && !is_head;
    if (*body && is_sent && is_small) {
        g_string_append_len(message, (*body)->str, (gssize)length);
    }
    if (*body && (!is_sent || is_small)) {
        g_string_free(g_steal_pointer(body), true);
    }
    return message;
}

/* With HTTP_ENDLESS no length is told. */
static GString *new_head(const HttpHead *head, int status, bool keep, const char *const *headers,
                         int64_t length)
{
    bool is_http10 = head->method && head->minor_version == 0;
    bool is_small = length <= SMALL_BODY;
    GString *text = g_string_sized_new(HEAD_SIZE + (is_small ? (size_t)MAX(length, 0) : 0));
    append_line(text, is_http10 ? "HTTP/1.0 " : "HTTP/1.1 ", status, http_reason(status));
    if (length != HTTP_ENDLESS) {
        append_line(text, "content-length: ", length, "");
    }
    g_string_append(text, keep ? "connection: keep-alive\r\n" : "connection: close\r\n");
    http1_append_headers(text, headers);
    g_string_append(text, "\r\n");
    return text;
}

static GString *new_error_page(int status, const char *detail)
{
    g_autofree char *phrase = g_ascii_strdown(http_reason(status), -1);
    GString *page = g_string_new(NULL);
    g_string_printf(page, "<html><body><h1>HTTP %d %s</h1>", status,
                    status == 500 ? "internal server error" : phrase);
    if (detail) {
        g_autofree char *escaped = g_markup_escape_text(detail, -1);
        g_string_append_printf(page, "<h1> Additional information </h1>%s", escaped);
    }
    g_string_append(page, "</body></html>");
    return page;
}

/* The client of a streamed route waits for this before its body.  Best effort: when the socket
 * is full it goes on without, after a pause of its own choosing. */
static void send_continue(const HttpExchange *exchange, Stream *stream)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const HttpHead *head = &exchange->head;
    if (head->minor_version > 0 && http_header_has_token(head, "Expect", "100-continue")) {
        (void)stream_try_write(stream, text, sizeof text - 1);
    }
}
