/* Which URL goes to which front. */
#pragma once

#include "core/core.h"
#include "net/relay.h"
#include "net/server.h"

typedef struct RouteContext RouteContext;

/* Borrows all until routes_free().  `web_root` is the folder of a web console's files, or "". */
RouteContext *routes_new(Core *core, Relay *relay, const char *web_root);
void routes_free(RouteContext *routes);

/* (borrowed) */
const HttpRoute *routes_table(RouteContext *routes, unsigned *ret_count);
