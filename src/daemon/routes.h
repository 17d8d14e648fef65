/* Which URL goes to which front. */
#pragma once

#include "core/core.h"
#include "net/relay.h"
#include "net/server.h"

typedef struct RouteContext RouteContext;

/* Borrows both until routes_free(). */
RouteContext *routes_new(Core *core, Relay *relay);
void routes_free(RouteContext *routes);

/* (borrowed) */
const HttpRoute *routes_table(RouteContext *routes, unsigned *ret_count);
