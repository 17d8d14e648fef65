/* Consoles of VMs over HTTP: CONNECT /console gives the bytes of VNC or of the serial line as they
 * are, GET /console the same in a WebSocket.
 *
 * Both take `ref` (a console or a VM) or `uuid` (of either); a VM stands for its first VNC console.
 */
#pragma once

#include "core/core.h"
#include "net/relay.h"
#include "net/server.h"

/* What the handlers work with; lives as long as the routes. */
typedef struct ConsoleFront {
    Core *core;
    Relay *relay; /* carries the bytes of all consoles */
} ConsoleFront;

enum { FRONT_CONSOLE_ROUTES = 2 };

/* Fills in the routes, with `front` (borrowed) as their user. */
void front_console_routes(ConsoleFront *front, HttpRoute ret_routes[FRONT_CONSOLE_ROUTES]);
