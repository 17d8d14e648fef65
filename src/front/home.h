/* The page at /: what this is, for people who point a browser at the host. */
#pragma once

#include "net/server.h"

/* HttpHandler; `user` is not used. */
void home_handle(HttpExchange *exchange, void *user);
