/* The contents of blobs over HTTP: GET and PUT /blob, with `ref` or `uuid`. */
#pragma once

#include "core/core.h"
#include "net/server.h"

enum { FRONT_BLOB_ROUTES = 2 };

/* Fills in the routes, with `core` (borrowed) as their user. */
void front_blob_routes(Core *core, HttpRoute ret_routes[FRONT_BLOB_ROUTES]);
