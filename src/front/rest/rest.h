/* The REST face: the XenAPI as resources; see docs/internals/rest.md. */
#pragma once

#include "core/core.h"
#include "net/server.h"

enum { FRONT_REST_ROUTES = 6 };

void front_rest_routes(Core *core, HttpRoute ret_routes[FRONT_REST_ROUTES]);
