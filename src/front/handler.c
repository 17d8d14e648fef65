/* From a route to a handler and on to the end of its request.  A worker lets the caller in; what
 * may block goes on in one of a bounded number of threads. */
#include "front/handler.h"

#include "base/log.h"
#include "front/connection.h"
#include "gen/errors.h"

#include <sys/socket.h>

/* For the client to read the last bytes and close; closing before could take them away again. */
#define LINGER_TIME (2 * USEC_PER_SEC)

/* A route of ours: what its requests are served by. */
typedef struct FrontRoute {
    FrontHandlers *handlers;
    const FrontHandler *handler; /* NULL: not offered */
    HttpActionId action;
} FrontRoute;

struct FrontHandlers {
    Core *core;
    GPtrArray *routes; /* FrontRoute */
    GThreadPool *threads;
    gint running; /* requests that have a thread or wait for it */
    gint running_public;
};

/* A request with what it needs to go on elsewhere. */
typedef struct Work {
    FrontRequest request; /* first */
    FrontConnection connection;
    const FrontRoute *route;
} Work;

static void serve(HttpExchange *exchange, void *user);
static Work *let_in(const FrontRoute *route, HttpExchange *exchange);
static bool needs_session(const FrontRoute *route, const HttpHead *head);
static void go_on(Work *work);
static bool take_place(FrontHandlers *handlers, bool is_public);
static void give_place_back(FrontHandlers *handlers, bool is_public);
static void take_connection(Work *work);
static void peer_gone(void *user);
static void run_thread(gpointer data, gpointer user);
static bool run(Work *work, Err **err);
static void finish(Work *work, bool ok, const Err *error);
static void reset(Stream *stream);
static void linger(FrontConnection *connection, Op *parent);
static void work_free(Work *work);

FrontHandlers *front_handlers_new(Core *core)
{
    FrontHandlers *handlers = g_new0(FrontHandlers, 1);
    handlers->core = core;
    handlers->routes = g_ptr_array_new_with_free_func(g_free);
    handlers->threads = g_thread_pool_new(run_thread, handlers, FRONT_MAX_THREADS, FALSE, NULL);
    return handlers;
}

void front_handlers_free(FrontHandlers *handlers)
{
    if (handlers) {
        g_thread_pool_free(handlers->threads, FALSE, TRUE);
        g_ptr_array_unref(handlers->routes);
        g_free(handlers);
    }
}

static void add_route(FrontHandlers *handlers, HttpActionId id, const FrontHandler *handler,
                      HttpBodyMode body, GArray *routes)
{
    FrontRoute *ours = g_new0(FrontRoute, 1);
    *ours = (FrontRoute){.handlers = handlers, .handler = handler, .action = id};
    g_ptr_array_add(handlers->routes, ours);
    const HttpRoute route = {.method = http_action_table[id].method,
                             .path = http_action_table[id].path,
                             .body = body,
                             .handler = serve,
                             .user = ours};
    g_array_append_val(routes, route);
}

void front_handlers_add(FrontHandlers *handlers, const FrontHandler *handler, GArray *routes)
{
    HttpBodyMode body = handler->way == FRONT_STREAM ? HTTP_BODY_STREAMED : HTTP_BODY_BUFFERED;
    add_route(handlers, handler->action, handler, body, routes);
}

/* Streamed, so that the answer does not wait for a body. */
void front_handlers_add_missing(FrontHandlers *handlers, HttpActionId action, GArray *routes)
{
    add_route(handlers, action, NULL, HTTP_BODY_STREAMED, routes);
}

static void serve(HttpExchange *exchange, void *user)
{
    const FrontRoute *route = user;
    Work *work = let_in(route, exchange);
    if (!work) {
        return;
    }
    if (route->handler && route->handler->way != FRONT_HERE) {
        go_on(work);
        return;
    }
    g_autoptr(Err) error = NULL;
    bool ok = run(work, &error);
    if (ok && work->connection.run) {
        go_on(work);
    } else {
        finish(work, ok, error);
    }
}

/* NULL when the exchange has been answered. */
static Work *let_in(const FrontRoute *route, HttpExchange *exchange)
{
    Core *core = route->handlers->core;
    g_autoptr(Op) op = op_new_child(core_op(core), USEC_NEVER);
    FrontCaller *caller = NULL;
    if (needs_session(route, http_exchange_head(exchange))) {
        caller = front_auth_begin(core, exchange, route->action, op);
        if (!caller) {
            return NULL;
        }
    }
    Work *work = g_new0(Work, 1);
    work->route = route;
    work->connection.exchange = exchange;
    work->connection.caller = caller;
    work->connection.touched = op_now();
    work->request = (FrontRequest){.core = core,
                                   .head = http_exchange_head(exchange),
                                   .caller = caller,
                                   .op = g_steal_pointer(&op),
                                   .connection = &work->connection};
    return work;
}

static bool needs_session(const FrontRoute *route, const HttpHead *head)
{
    const FrontHandler *handler = route->handler;
    return !http_action_table[route->action].is_public ||
           (handler && handler->is_private && handler->is_private(route->handlers->core, head));
}

static void go_on(Work *work)
{
    FrontHandlers *handlers = work->route->handlers;
    bool is_public = !work->request.caller;
    if (!take_place(handlers, is_public)) {
        g_autoptr(Err) error = NULL;
        err_internal(&error, "%d requests of this kind are served already", FRONT_MAX_THREADS);
        front_connection_complete(&work->request, error);
        front_connection_refuse(&work->request, 503, "too many requests of this kind");
        finish(work, true, NULL);
        return;
    }
    if (work->route->handler->way == FRONT_THREAD) {
        http_park(work->connection.exchange, peer_gone, work->request.op);
    } else {
        take_connection(work);
    }
    g_thread_pool_push(handlers->threads, work, NULL);
}

static bool take_place(FrontHandlers *handlers, bool is_public)
{
    bool has_room = g_atomic_int_add(&handlers->running, 1) < FRONT_MAX_THREADS;
    bool has_public_room =
        !is_public || g_atomic_int_add(&handlers->running_public, 1) < FRONT_PUBLIC_THREADS;
    if (!has_room || !has_public_room) {
        give_place_back(handlers, is_public);
        return false;
    }
    return true;
}

static void give_place_back(FrontHandlers *handlers, bool is_public)
{
    g_atomic_int_add(&handlers->running, -1);
    if (is_public) {
        g_atomic_int_add(&handlers->running_public, -1);
    }
}

static void take_connection(Work *work)
{
    FrontConnection *connection = &work->connection;
    HttpExchange *exchange = g_steal_pointer(&connection->exchange);
    connection->stream = http_take_over_with_head(exchange, &connection->head);
    work->request.head = &connection->head;
    bool has_body = g_str_equal(connection->head.method, "PUT");
    connection->unread = connection->head.content_length;
    if (connection->unread < 0 && !has_body) {
        connection->unread = 0;
    }
}

static void peer_gone(void *user)
{
    op_cancel(user);
}

static void run_thread(gpointer data, gpointer user)
{
    Work *work = data;
    FrontHandlers *handlers = user;
    bool is_public = !work->request.caller;
    g_autoptr(Err) error = NULL;
    bool ok = run(work, &error);
    finish(work, ok, error);
    give_place_back(handlers, is_public);
}

static bool run(Work *work, Err **err)
{
    FrontRequest *request = &work->request;
    const FrontRoute *route = work->route;
    const HttpAction *action = &http_action_table[route->action];
    if (!route->handler) {
        return err_not_implemented(err, permission_table[action->permission].name);
    }
    if (work->connection.stream && request->head->chunked) {
        return err_internal(err, "Cannot handle encoding: chunked");
    }
    return work->connection.run ? work->connection.run(request, work->connection.user, err)
                                : route->handler->run(request, err);
}

static void finish(Work *work, bool ok, const Err *error)
{
    FrontConnection *connection = &work->connection;
    const char *name = http_action_table[work->route->action].name;
    bool is_broken = !ok && connection->is_started;
    if (!ok) {
        g_autofree char *text = err_to_string(error);
        log_info("%s failed: %s (%s:%d)", name, text, error->file, error->line);
        front_connection_complete(&work->request, error);
        if (!connection->is_started) {
            int status = work->request.status ? work->request.status : front_request_status(error);
            front_connection_refuse(&work->request, status, text);
        }
    }
    front_connection_complete(&work->request, NULL);
    if (connection->exchange) {
        log_error("the handler of %s left a request without an answer", name);
        front_connection_refuse(&work->request, 500, "");
    }
    if (connection->stream && is_broken) {
        reset(connection->stream);
    } else if (connection->stream) {
        linger(connection, core_op(work->request.core));
    }
    work_free(work);
}

/* The end of the connection is the end of the answer, so one that broke off must not end well. */
static void reset(Stream *stream)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(stream_fd(stream), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Some HTTP clients (undici) fail when the server is the first to close an answer whose end they
 * know, so that is theirs to do. */
static void linger(FrontConnection *connection, Op *parent)
{
    g_autoptr(Op) op = op_new_child(parent, LINGER_TIME);
    char buffer[4096];
    if (!connection->tells_length) {
        stream_shutdown_write(connection->stream);
    }
    while (stream_read(connection->stream, op, buffer, sizeof buffer, NULL) > 0) {
    }
}

static void work_free(Work *work)
{
    FrontConnection *connection = &work->connection;
    if (connection->done) {
        connection->done(connection->user);
    }
    stream_free(connection->stream);
    http_head_clear(&connection->head);
    value_unref(work->request.result);
    op_unref(work->request.op);
    g_free(work);
}
