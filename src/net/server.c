/* The HTTP server as a whole: its configuration, routes, threads, and their end.
 * Listening sockets are listener.c, the life of a connection connection.c, what handlers
 * call exchange.c. */
#include "net/server.h"

#include "net/server_priv.h"

#define LINGER_TIME       (2 * USEC_PER_SEC)
#define ACCEPT_RETRY_TIME (100 * USEC_PER_MSEC)

#define CORES_PER_POLLER 4

/* One connection in so many is for the unix socket alone, where only root can come in. */
#define UNIX_SHARE 16
/* Without a byte for so long where one is due: to be given up when room is needed. */
#define STALL_TIME USEC_PER_SEC

static void fill_defaults(HttpServerConfig *config);
static void copy_route(HttpServer *server, const HttpRoute *route);
static void clear_route(void *route);
static bool make_pollers(HttpServer *server, Err **err);
static bool add_listener(HttpServer *server, Listener *listener, Err **err);
static bool close_oldest_of(HttpServer *server, ServerTimer timer, Usec before);
static void drop_job(void *job);

HttpServer *http_server_new(const HttpServerConfig *config, const HttpRoute *routes,
                            unsigned route_count, Err **err)
{
    g_autoptr(HttpServer) server = g_new0(HttpServer, 1);
    server->refs = 1;
    server->config = *config;
    fill_defaults(&server->config);
    lock_init(&server->lock, LOCK_NET_CONNECTION);
    g_cond_init(&server->gone_changed);
    server->routes = g_array_new(false, false, sizeof(HttpRoute));
    g_array_set_clear_func(server->routes, clear_route);
    for (unsigned i = 0; i < route_count; i++) {
        copy_route(server, &routes[i]);
    }
    server->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)listener_free);
    server->pollers = g_ptr_array_new_with_free_func((GDestroyNotify)poller_free);
    server->workers =
        workers_new(server->config.min_workers, server->config.max_workers, exchange_run_handler);
    return make_pollers(server, err) ? g_steal_pointer(&server) : NULL;
}

bool http_server_listen_tcp(HttpServer *server, const char *address, uint16_t port, TlsContext *tls,
                            uint16_t *ret_port, Err **err)
{
    uint16_t bound = 0;
    Listener *listener = listener_new_tcp(server, address, port, tls, &bound, err);
    if (!listener || !add_listener(server, listener, err)) {
        return false;
    }
    if (ret_port) {
        *ret_port = bound;
    }
    return true;
}

bool http_server_listen_unix(HttpServer *server, const char *path, Err **err)
{
    Listener *listener = listener_new_unix(server, path, err);
    return listener && add_listener(server, listener, err);
}

bool http_server_start(HttpServer *server, Err **err)
{
    for (unsigned i = 0; i < server->pollers->len; i++) {
        if (!poller_start(g_ptr_array_index(server->pollers, i), err)) {
            http_server_stop(server);
            return false;
        }
    }
    return true;
}

void http_server_stop(HttpServer *server)
{
    g_atomic_int_set(&server->stopping, 1);
    /* The workers first: what their last handlers answer may need a poller to be sent. */
    workers_stop(server->workers, drop_job);
    for (unsigned i = 0; i < server->pollers->len; i++) {
        poller_stop(g_ptr_array_index(server->pollers, i));
    }
    g_ptr_array_set_size(server->listeners, 0);
}

void http_server_free(HttpServer *server)
{
    if (server) {
        http_server_stop(server);
        server_unref(server);
    }
}

HttpServerStats http_server_stats(HttpServer *server)
{
    HttpServerStats stats = {
        .connections = (unsigned)g_atomic_int_get(&server->connections),
        .parked = (unsigned)g_atomic_int_get(&server->parked),
        .requests = __atomic_load_n(&server->requests, __ATOMIC_RELAXED),
    };
    workers_count(server->workers, &stats.workers, &stats.busy_workers);
    return stats;
}

HttpServer *server_ref(HttpServer *server)
{
    g_atomic_int_inc(&server->refs);
    return server;
}

void server_unref(HttpServer *server)
{
    if (!g_atomic_int_dec_and_test(&server->refs)) {
        return;
    }
    g_ptr_array_unref(server->listeners);
    g_ptr_array_unref(server->pollers);
    workers_free(server->workers);
    g_array_unref(server->routes);
    g_cond_clear(&server->gone_changed);
    lock_clear(&server->lock);
    g_free(server);
}

bool server_is_stopping(HttpServer *server)
{
    return g_atomic_int_get(&server->stopping) != 0;
}

const HttpRoute *server_find_route(const HttpServer *server, const HttpHead *head)
{
    const HttpRoute *best = NULL;
    size_t best_length = 0;
    for (unsigned i = 0; i < server->routes->len; i++) {
        const HttpRoute *route = &g_array_index(server->routes, HttpRoute, i);
        size_t length = strlen(route->path);
        if (g_str_equal(route->method, head->method) && g_str_has_prefix(head->path, route->path) &&
            (!best || length > best_length)) {
            best = route;
            best_length = length;
        }
    }
    return best;
}

Poller *server_choose_poller(HttpServer *server)
{
    unsigned turn = (unsigned)g_atomic_int_add(&server->next_poller, 1);
    return g_ptr_array_index(server->pollers, turn % server->pollers->len);
}

bool server_make_room(HttpServer *server, bool is_unix)
{
    unsigned limit = server->config.max_connections;
    unsigned others = is_unix ? limit : limit - limit / UNIX_SHARE;
    return (unsigned)g_atomic_int_get(&server->connections) < others || server_close_oldest(server);
}

/* First who says nothing where it should, then who is between two requests: so nobody who opens
 * connections and is silent on them can lock others out, or cost them theirs. */
bool server_close_oldest(HttpServer *server)
{
    static const struct {
        ServerTimer timer;
        Usec patience;
    } victims[] = {
        {SERVER_TIMER_HEAD, STALL_TIME},
        {SERVER_TIMER_BODY, STALL_TIME},
        {SERVER_TIMER_LINGER, STALL_TIME},
        {SERVER_TIMER_IDLE, 0},
        {SERVER_TIMER_WRITE, STALL_TIME},
        {SERVER_TIMER_HEAD, 0},
        {SERVER_TIMER_BODY, 0},
        {SERVER_TIMER_LINGER, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(victims); i++) {
        if (close_oldest_of(server, victims[i].timer, op_now() - victims[i].patience)) {
            return true;
        }
    }
    return false;
}

static void fill_defaults(HttpServerConfig *config)
{
    static const HttpServerConfig defaults = {
        .min_workers = 8,
        .max_workers = 64,
        .max_connections = 4096,
        .head_timeout = 10 * USEC_PER_SEC,
        .body_timeout = 60 * USEC_PER_SEC,
        .idle_timeout = 300 * USEC_PER_SEC,
        .write_timeout = 60 * USEC_PER_SEC,
    };
#define FILL(field) config->field = config->field ? config->field : defaults.field
    FILL(min_workers);
    FILL(max_workers);
    FILL(max_connections);
    FILL(head_timeout);
    FILL(body_timeout);
    FILL(idle_timeout);
    FILL(write_timeout);
#undef FILL
    if (!config->pollers) {
        config->pollers = MAX(1, g_get_num_processors() / CORES_PER_POLLER);
    }
}

static void copy_route(HttpServer *server, const HttpRoute *route)
{
    HttpRoute copy = *route;
    copy.method = g_strdup(route->method);
    copy.path = g_strdup(route->path);
    g_array_append_val(server->routes, copy);
}

static void clear_route(void *route)
{
    HttpRoute *copy = route;
    g_free((char *)copy->method);
    g_free((char *)copy->path);
}

static bool make_pollers(HttpServer *server, Err **err)
{
    const HttpServerConfig *config = &server->config;
    const Usec durations[SERVER_TIMER_COUNT] = {
        [SERVER_TIMER_HEAD] = config->head_timeout, [SERVER_TIMER_BODY] = config->body_timeout,
        [SERVER_TIMER_IDLE] = config->idle_timeout, [SERVER_TIMER_WRITE] = config->write_timeout,
        [SERVER_TIMER_LINGER] = LINGER_TIME,        [SERVER_TIMER_ACCEPT] = ACCEPT_RETRY_TIME,
    };
    for (unsigned i = 0; i < config->pollers; i++) {
        Poller *poller = poller_new(durations, SERVER_TIMER_COUNT, err);
        if (!poller) {
            return false;
        }
        g_ptr_array_add(server->pollers, poller);
    }
    return true;
}

/* Takes `listener` over. */
static bool add_listener(HttpServer *server, Listener *listener, Err **err)
{
    lock_acquire(&server->lock);
    g_ptr_array_add(server->listeners, listener);
    lock_release(&server->lock);
    return listener_start(listener, err);
}

/* Closes the connection that has waited longest of those that wait for `timer` since `before`. */
static bool close_oldest_of(HttpServer *server, ServerTimer timer, Usec before)
{
    for (;;) {
        Poller *oldest = NULL;
        Usec earliest = USEC_NEVER;
        for (unsigned i = 0; i < server->pollers->len; i++) {
            Poller *poller = g_ptr_array_index(server->pollers, i);
            Usec since = poller_oldest(poller, timer);
            if (since <= before && since < earliest) {
                oldest = poller;
                earliest = since;
            }
        }
        if (!oldest) {
            return false;
        }
        if (poller_shut_oldest(oldest, timer)) {
            return true;
        }
    }
}

static void drop_job(void *job)
{
    connection_close(job);
}
