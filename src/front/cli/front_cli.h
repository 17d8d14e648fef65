/* The server's side of xe: POST /cli. */
#pragma once

#include "core/core.h"
#include "net/server.h"

/* Route handler; buffers the body (at most WIRE_MAX_CLI_BODY), answers without an HTTP head and
 * keeps the connection to its end.  `user` is the Core. */
void front_cli_handler(HttpExchange *exchange, void *user);

/* Where a request came from. */
typedef struct FrontCliPeer {
    const char *address; /* or "unix" */
    const char *originator;
    bool is_local_root;
} FrontCliPeer;

/* Serves one request, whose body is given, over `stream` (borrowed): greetings, log-in, the
 * command, its exit status. Returns that status. */
int front_cli_serve(Core *core, Stream *stream, const char *body, size_t length,
                    const FrontCliPeer *peer);
