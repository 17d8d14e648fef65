/* What the server's own files share: server.c, listener.c, connection.c, exchange.c. */
#pragma once

#include "base/lock.h"
#include "net/poller.h"
#include "net/server.h"
#include "net/workers.h"

#include <netinet/in.h>

typedef struct Connection Connection;
typedef struct Listener Listener;

/* The pollers' queues of deadlines. */
typedef enum ServerTimer {
    SERVER_TIMER_NONE = POLLER_NO_TIMER,
    SERVER_TIMER_HEAD,
    SERVER_TIMER_BODY,
    SERVER_TIMER_IDLE,
    SERVER_TIMER_WRITE,
    SERVER_TIMER_LINGER, /* for the client to read the last answer and close */
    SERVER_TIMER_ACCEPT, /* until accepting is tried again */
    SERVER_TIMER_COUNT,
} ServerTimer;

struct HttpServer {
    gint refs; /* the owner's, and one per connection: a parked one may be answered very late */
    HttpServerConfig config; /* no zeroes */
    GArray *routes;          /* HttpRoute with texts of its own */
    GPtrArray *pollers;
    Workers *workers;
    gint stopping;
    gint next_poller;
    gint connections;
    gint parked;
    gint staying;      /* workers that wait with a connection */
    uint64_t requests; /* atomic */

    Lock lock; /* LOCK_NET_CONNECTION, over what follows and the `gone` of exchanges */
    GPtrArray *listeners;
    GCond gone_changed;
};

HttpServer *server_ref(HttpServer *server);
void server_unref(HttpServer *server);
bool server_is_stopping(HttpServer *server);
const HttpRoute *server_find_route(const HttpServer *server, const HttpHead *head);
Poller *server_choose_poller(HttpServer *server);
/* Whether there is room for one more connection, which may be made at the cost of another. */
bool server_make_room(HttpServer *server, bool is_unix);
/* Closes the connection that is missed least; false when each has a request being worked on. */
bool server_close_oldest(HttpServer *server);

/* One address the server listens on. */
Listener *listener_new_tcp(HttpServer *server, const char *address, uint16_t port, TlsContext *tls,
                           uint16_t *ret_port, Err **err);
Listener *listener_new_unix(HttpServer *server, const char *path, Err **err);
bool listener_start(Listener *listener, Err **err);
void listener_free(Listener *listener); /* after its poller has stopped */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)

typedef enum ConnectionPhase {
    CONNECTION_HANDSHAKE,
    CONNECTION_HEAD, /* between requests too */
    CONNECTION_BODY,
    CONNECTION_HANDLER, /* queued for a worker or with one */
    CONNECTION_PARKED,
    CONNECTION_FLUSH,  /* has more to send */
    CONNECTION_LINGER, /* has sent its last */
} ConnectionPhase;

typedef enum FlushThen {
    FLUSH_THEN_BODY,
    FLUSH_THEN_NEXT,
    FLUSH_THEN_CLOSE,
    FLUSH_THEN_PART, /* an answer in parts goes on */
} FlushThen;

/* How far the news that a parked exchange's peer has gone have come; under HttpServer.lock. */
typedef enum GoneState { GONE_NOT, GONE_RUNNING, GONE_DONE } GoneState;

/* The request a connection is at. */
struct HttpExchange {
    Connection *connection;
    HttpHead head;
    const HttpRoute *route;
    size_t head_length; /* of Connection.in */
    size_t body_length; /* behind it; 0 on a streamed route */
    bool *ended;        /* the worker's, while its handler runs and has not parked */
    bool parked;
    void (*on_gone)(void *user);
    void *on_gone_user;
    GoneState gone;
    GThread *gone_thread; /* the one that runs on_gone() */
    bool replied_in_gone;
    /* Of an answer in parts, while one is being sent. */
    HttpHandler next_part; /* NULL: none is */
    int64_t to_come;       /* bytes; HTTP_ENDLESS */
    void (*on_part_lost)(void *user);
    void *part_user;
};

/* What a worker learns of the connection it holds; lives on its stack. */
typedef struct WorkerHold {
    bool has_answered; /* and still holds it */
    bool has_part;     /* has sent one, and the next is due */
    bool has_request;  /* the next one, whole */
} WorkerHold;

struct Connection {
    PollerItem item; /* first: the poller knows the connection by it */
    HttpServer *server;
    Poller *poller;
    Stream *stream; /* NULL once the peer of a parked exchange has gone */
    ConnectionPhase phase;
    bool head_begun; /* the head timer runs */
    bool is_tls;
    bool is_local_root;
    WorkerHold *hold; /* NULL: the holder, if there is one, is no worker */
    GByteArray *in;   /* read and not used up; NULL when empty */
    GString *out;     /* to be sent from `sent` on; NULL when nothing is */
    GString *rest;    /* to be sent after `out`, or NULL */
    size_t sent;
    FlushThen then;
    HttpExchange exchange;
    char peer[INET6_ADDRSTRLEN];
};

/* Begins to serve an accepted socket; takes all but `tls` over. */
void connection_start(HttpServer *server, int fd, TlsContext *tls, const char *peer,
                      bool is_local_root);
/* Sends `message` and, unless it is NULL, `rest` (both owned) as far as the socket takes them and
 * leaves the remainder to the poller. The caller holds the connection and may not touch it
 * afterwards. */
void connection_send(Connection *connection, GString *message, GString *rest, FlushThen then);
/* By a worker that has answered and still holds the connection: whether the next request is here,
 * or comes in a moment.  If not, the worker holds it no more. */
bool connection_stay(Connection *connection);
/* Forgets the current request with its bytes. */
void connection_end_request(Connection *connection);
/* Hands the stream out, ends the connection. */
Stream *connection_detach(Connection *connection);
/* Ends it, and tells whoever wanted to send more. */
void connection_close(Connection *connection);
/* Frees what is left of a connection whose descriptor is closed. */
void connection_free(Connection *connection);

/* The workers' job. */
void exchange_run_handler(void *connection);
/* Answers a request that no handler sees. */
void exchange_refuse(Connection *connection, int status, const char *detail);
/* The peer of a parked exchange has gone; the caller holds the connection. */
void exchange_peer_gone(Connection *connection);
