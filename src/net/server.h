/* The HTTP server: listeners, pollers and call workers.
 *
 * A poller thread holds every connection that is idle, in its handshake, slow to send or
 * slow to read.  Only a whole request (head, and body if the route buffers it) reaches a
 * worker.  A handler answers at once, or parks the exchange and lets any thread answer
 * later, or takes the connection over as a Stream. */
#pragma once

#include "net/http1.h"
#include "net/stream.h"
#include "net/tls.h"

typedef struct HttpServer HttpServer;
typedef struct HttpExchange HttpExchange;

typedef enum HttpBodyMode {
    HTTP_BODY_BUFFERED, /* read before the handler runs, up to the route's limit */
    HTTP_BODY_STREAMED, /* the handler takes the connection over and reads it itself */
} HttpBodyMode;

/* Runs on a worker. Must end in exactly one of http_reply*(), http_begin_parts(), http_send_part(),
 * http_send_last_part(), http_park(), http_take_over().  The exchange is gone after the first and
 * the last; after the others any other thread may have ended it, so park before it becomes known to
 * one. */
typedef void (*HttpHandler)(HttpExchange *exchange, void *user);

typedef struct HttpRoute {
    const char *method;
    const char *path; /* longest prefix wins; "/" is the last resort of its method */
    HttpBodyMode body;
    size_t body_limit; /* more: 500, closed (XenAPI's answer), before any is read */
    HttpHandler handler;
    void *user;
    /* A buffered route by HTTP's own rules, not XenAPI's: a request without a length has no body,
     * too long a body is 413, one in chunks 411, and a failure keeps the connection. */
    bool by_http_rules;
} HttpRoute;

typedef struct HttpServerConfig {
    unsigned pollers;         /* 0: one per four cores, at least one */
    unsigned min_workers;     /* 0: 8; that many stay when there is nothing to do */
    unsigned max_workers;     /* 0: 64 */
    unsigned max_connections; /* 0: 4096, of which one in 16 is for the unix socket alone; beyond
                                 it one is closed that stalls or is idle, the oldest first */
    Usec head_timeout;        /* 0: 10 s from the first byte (or the accept) to the whole head */
    Usec body_timeout;        /* 0: 60 s without progress */
    Usec idle_timeout;        /* 0: 300 s between requests */
    Usec write_timeout;       /* 0: 60 s without progress */
    /* Asked for each connection by TCP, NULL: no.  Whether only those are served that come in by an
     * address of which others know nothing: loopback, or IPv4 link-local, as guests see the host.
     */
    bool (*is_local_only)(void *user);
    void *user;
} HttpServerConfig;

/* Routes are copied; they cannot change while the server runs. */
HttpServer *http_server_new(const HttpServerConfig *config, const HttpRoute *routes,
                            unsigned route_count, Err **err);
/* Listens; may be called for several addresses before or after http_server_start().
 * `address` is numeric; port 0 takes a free one, told by `ret_port` (may be NULL). */
bool http_server_listen_tcp(HttpServer *server, const char *address, uint16_t port,
                            TlsContext *tls /* NULL: plain; borrowed */, uint16_t *ret_port,
                            Err **err);
/* Mode 0600.  A peer whose user is root or the daemon's own counts as local root.  A socket
 * that an earlier run left at `path` is replaced. */
bool http_server_listen_unix(HttpServer *server, const char *path, Err **err);
bool http_server_start(HttpServer *server, Err **err);
/* Stops listening, lets running handlers end, closes parked exchanges, joins every thread.
 * Parked exchanges learn by on_gone(), which here runs on the calling thread. */
void http_server_stop(HttpServer *server);
void http_server_free(HttpServer *server); /* stops first; http_reply() may still follow */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpServer, http_server_free)

/* The request. All (borrowed) until the exchange ends. */
const HttpHead *http_exchange_head(const HttpExchange *exchange);
const char *http_exchange_body(const HttpExchange *exchange, size_t *ret_length);
const char *http_exchange_peer(const HttpExchange *exchange); /* numeric address, or "unix" */
bool http_exchange_is_local_root(const HttpExchange *exchange);
bool http_exchange_is_tls(const HttpExchange *exchange);

/* Answers. `headers` is a NULL-terminated list of names and values in turn, and may be NULL.
 * content-length and connection are added.  `body` is taken over and may be NULL.
 * Statuses other than 2xx and 304 close the connection, as does a body left unread.
 * Thread-safe for a parked exchange; the exchange is gone afterwards.  Never waits for the
 * peer: what it does not take at once is sent by a poller. */
void http_reply(HttpExchange *exchange, int status, const char *const *headers, GString *body);
/* The HTML body XenServer sends with a failure; closes the connection. */
void http_reply_error(HttpExchange *exchange, int status, const char *detail /* may be NULL */);

/* An answer in parts, of which no more than one is ever in memory.  The first has a head before it
 * with status 200, `headers` and the `length` of all parts together; HTTP_ENDLESS: the end of the
 * connection ends the answer.  Call these in the handler, or for an exchange that is parked.  When
 * the socket has taken the whole part, `next(exchange, user)` runs as a handler does; if the peer
 * goes away before, `on_gone(user)` does instead, on any thread.  False when the peer had gone
 * already: the exchange is too, and neither runs.  `part` is taken over. */
#define HTTP_ENDLESS (-1)
bool http_begin_parts(HttpExchange *exchange, const char *const *headers, int64_t length,
                      GString *part, HttpHandler next, void (*on_gone)(void *user), void *user);
bool http_send_part(HttpExchange *exchange, GString *part, HttpHandler next,
                    void (*on_gone)(void *user), void *user);
/* The last one; as http_reply() otherwise.  The connection is closed after an endless answer. */
void http_send_last_part(HttpExchange *exchange, GString *part);

/* The handler returns without an answer; somebody calls http_reply() later.  When the
 * peer goes away before, `on_gone(user)` (may be NULL) runs once on the poller, or at once when
 * the server is stopping; http_reply() must still be called (it then only frees).
 * on_gone() never begins after http_reply() has returned, and http_reply() waits for one that
 * runs: do not call it with a lock held that on_gone() takes.  on_gone() itself may end its own
 * exchange, and no other. */
void http_park(HttpExchange *exchange, void (*on_gone)(void *user), void *user);

/* Ends the exchange; the connection, with every byte already read, becomes the caller's.
 * The stream begins behind the head, or behind the body if the route buffers it.  Copy what
 * the head is needed for first.  For CONNECT, WebSocket, /cli, streamed bodies; only from the
 * handler. (owned) */
Stream *http_take_over(HttpExchange *exchange);
/* The same, with the head (owned) for later. */
Stream *http_take_over_with_head(HttpExchange *exchange, HttpHead *ret_head);

/* How full the server is, for metrics and tests. */
typedef struct HttpServerStats {
    unsigned connections, parked, workers, busy_workers;
    uint64_t requests;
} HttpServerStats;
HttpServerStats http_server_stats(HttpServer *server);
