/* The server's side of xe: POST /cli. */
#pragma once

#include "core/core.h"
#include "net/server.h"

/* Commands that run at once; more wait in line.  Less than CORE_MAX_OPERATIONS, because each may
 * wait for an operation. */
enum { FRONT_CLI_MAX_RUNS = 128 };

typedef struct FrontCli FrontCli;

FrontCli *front_cli_new(Core *core /* borrowed */);
void front_cli_free(FrontCli *front); /* cancels what runs and waits for it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FrontCli, front_cli_free)

/* Route handler for a buffered body of at most WIRE_MAX_CLI_BODY; answers without an HTTP head and
 * keeps the connection to its end, on a thread of its own.  `user` is the FrontCli. */
void front_cli_handler(HttpExchange *exchange, void *user);

/* Where a request came from. */
typedef struct FrontCliPeer {
    const char *address; /* or "unix" */
    const char *originator;
    bool is_local_root;
} FrontCliPeer;

/* Serves one request, whose body is given, over `stream` (borrowed): greetings, log-in, the
 * command, its exit status. Returns that status. */
int front_cli_serve(Core *core, Op *parent, Stream *stream, const GBytes *body,
                    const FrontCliPeer *peer);
