/* Answers over an exchange or straight over the stream.  Handlers do not see which; only what needs
 * a stream does. */
#include "front/request.h"

#include "base/fd.h"
#include "front/connection.h"

#include <errno.h>

static const char NO_CACHE[] = "Cache-Control: no-cache, no-store\r\n";

/* A page of any origin may read an answer: it has to have a session to get one, and browsers keep
 * from it what they know by themselves. */
static const char *const ANY_ORIGIN[] = {"access-control-allow-origin", "*", NULL};

/* A session is in use while a stream of its own runs. */
#define TOUCH_INTERVAL (30 * USEC_PER_SEC)

static bool start(FrontRequest *request, const char *version, const char *const *headers,
                  Err **err);
static bool has_header(const char *const *headers, const char *name);
static GPtrArray *with_any_origin(const char *const *headers);
static bool send_piece(FrontRequest *request, const void *data, size_t length, Err **err);
static void touch_session(FrontRequest *request);

char *front_request_param(const FrontRequest *request, const char *name)
{
    return front_auth_param(request->head, name);
}

bool front_request_reply(FrontRequest *request, int status, const char *const *headers,
                         GString *body, Err **err)
{
    FrontConnection *connection = request->connection;
    if (connection->exchange) {
        front_connection_complete(request, NULL);
        g_autoptr(GPtrArray) all = with_any_origin(headers);
        http_reply(g_steal_pointer(&connection->exchange), status, (const char *const *)all->pdata,
                   body);
        return true;
    }
    size_t length = body ? body->len : 0;
    g_autoptr(GString) message = g_string_new(NULL);
    g_string_printf(message, "HTTP/1.1 %d %s\r\nconnection: close\r\ncontent-length: %zu\r\n",
                    status, http_reason(status), length);
    http1_append_headers(message, headers);
    http1_append_headers(message, ANY_ORIGIN);
    g_string_append(message, "\r\n");
    connection->is_started = connection->tells_length = true;
    bool ok = front_request_write(request, message->str, message->len, err) &&
              (!body || front_request_write(request, body->str, body->len, err));
    if (body) {
        g_string_free(body, TRUE);
    }
    return ok;
}

bool front_request_start(FrontRequest *request, const char *const *headers, Err **err)
{
    return start(request, "1.1", headers, err);
}

bool front_request_start_http10(FrontRequest *request, const char *const *headers, Err **err)
{
    return start(request, "1.0", headers, err);
}

bool front_request_write(FrontRequest *request, const void *data, size_t length, Err **err)
{
    const char *from = data;
    touch_session(request);
    while (length > 0) {
        size_t piece = MIN(length, FRONT_PIECE);
        if (!send_piece(request, from, piece, err)) {
            return false;
        }
        from += piece;
        length -= piece;
    }
    return true;
}

bool front_request_send_file(FrontRequest *request, int fd, Err **err)
{
    g_autofree char *buffer = g_malloc(FRONT_PIECE);
    ssize_t length;
    while ((length = read(fd, buffer, FRONT_PIECE)) != 0) {
        if (length < 0 && errno != EINTR) {
            return err_errno(err, errno, "cannot read what is to be sent");
        }
        if (length > 0 && !front_request_write(request, buffer, (size_t)length, err)) {
            return false;
        }
    }
    return true;
}

ssize_t front_request_read(FrontRequest *request, void *buffer, size_t size, Err **err)
{
    FrontConnection *connection = request->connection;
    g_autoptr(Op) op = op_new_child(request->op, FRONT_STALL_SECONDS * USEC_PER_SEC);
    size_t wanted = connection->unread < 0 ? size : (size_t)MIN((int64_t)size, connection->unread);
    if (wanted == 0) {
        return 0;
    }
    touch_session(request);
    ssize_t count = stream_read(connection->stream, op, buffer, wanted, err);
    if (count > 0 && connection->unread > 0) {
        connection->unread -= count;
    }
    return count;
}

bool front_request_receive_file(FrontRequest *request, int fd, int64_t *ret_length, Err **err)
{
    g_autofree char *buffer = g_malloc(FRONT_PIECE);
    int64_t total = 0;
    ssize_t length;
    while ((length = front_request_read(request, buffer, FRONT_PIECE, err)) > 0) {
        if (!fd_write_all(fd, buffer, (size_t)length, err)) {
            return false;
        }
        total += length;
    }
    if (length == 0 && request->connection->unread > 0) {
        return err_internal(err, "the upload ended %" G_GINT64_FORMAT " bytes too early",
                            request->connection->unread);
    }
    *ret_length = total;
    return length == 0;
}

void front_request_move(FrontRequest *request,
                        bool (*run)(FrontRequest *request, void *user, Err **err),
                        void (*done)(void *user), void *user)
{
    request->connection->run = run;
    request->connection->done = done;
    request->connection->user = user;
}

void front_request_progress(FrontRequest *request, double done)
{
    if (request->caller) {
        tasks_progress(core_tasks(request->core), request->caller->task, done);
    }
}

int front_request_status(const Err *error)
{
    static const struct {
        const char *code;
        int status;
    } statuses[] = {
        {"HANDLE_INVALID", 404}, {"UUID_INVALID", 404},        {"RBAC_PERMISSION_DENIED", 403},
        {"INVALID_VALUE", 400},  {"VALUE_NOT_SUPPORTED", 400}, {"NOT_IMPLEMENTED", 501},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        if (err_is(error, statuses[i].code)) {
            return statuses[i].status;
        }
    }
    return 500;
}

void front_connection_complete(FrontRequest *request, const Err *error)
{
    FrontCaller *caller = g_steal_pointer(&request->connection->caller);
    if (caller) {
        front_auth_end(caller, request->result, error);
    }
    request->caller = NULL;
}

void front_connection_refuse(FrontRequest *request, int status, const char *detail)
{
    FrontConnection *connection = request->connection;
    if (connection->exchange) {
        http_reply_error(g_steal_pointer(&connection->exchange), status, detail);
        return;
    }
    g_autofree char *shown = g_markup_escape_text(detail, -1);
    g_autofree char *page = g_strdup_printf("<html><body><h1>HTTP %d %s</h1>%s</body></html>",
                                            status, http_reason(status), shown);
    g_autofree char *message =
        g_strdup_printf("HTTP/1.1 %d %s\r\nConnection: close\r\n%scontent-type: text/html\r\n"
                        "content-length: %zu\r\n\r\n%s",
                        status, http_reason(status), NO_CACHE, strlen(page), page);
    connection->is_started = connection->tells_length = true;
    front_request_write(request, message, strlen(message), NULL);
}

/* Some clients take the first TLS record for the head and no more, so a head is sent by itself. */
static bool start(FrontRequest *request, const char *version, const char *const *headers, Err **err)
{
    g_autoptr(GString) head = g_string_new(NULL);
    g_string_printf(head, "HTTP/%s 200 OK\r\nConnection: close\r\n%s", version, NO_CACHE);
    http1_append_headers(head, headers);
    http1_append_headers(head, ANY_ORIGIN);
    g_string_append(head, "\r\n");
    request->connection->is_started = true;
    request->connection->tells_length = has_header(headers, "content-length");
    return front_request_write(request, head->str, head->len, err);
}

static bool has_header(const char *const *headers, const char *name)
{
    for (; headers && *headers; headers += 2) {
        if (g_ascii_strcasecmp(*headers, name) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL-terminated. */
static GPtrArray *with_any_origin(const char *const *headers)
{
    GPtrArray *all = g_ptr_array_new();
    for (; headers && *headers; headers++) {
        g_ptr_array_add(all, (char *)*headers);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ANY_ORIGIN); i++) {
        g_ptr_array_add(all, (char *)ANY_ORIGIN[i]);
    }
    return all;
}

static bool send_piece(FrontRequest *request, const void *data, size_t length, Err **err)
{
    g_autoptr(Op) op = op_new_child(request->op, FRONT_STALL_SECONDS * USEC_PER_SEC);
    return stream_write_all(request->connection->stream, op, data, length, err);
}

static void touch_session(FrontRequest *request)
{
    FrontConnection *connection = request->connection;
    Usec now = op_now();
    if (request->caller && now - connection->touched > TOUCH_INTERVAL) {
        SessionInfo info;
        connection->touched = now;
        sessions_use(core_sessions(request->core), request->caller->session, &info);
    }
}
