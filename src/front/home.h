/* The page at /: what this is, for people who point a browser at the host; or a web console, when
 * there is one. */
#pragma once

#include "net/server.h"

/* HttpHandler; `user` is the folder of the console's files, "" for none. */
void home_handle(HttpExchange *exchange, void *user);
