/* Unix sockets in a domain's folder.  Reached through the folder's descriptor, for a socket's
 * path may have 107 bytes only and run_dir is the administrator's choice. */
#pragma once

#include "base/err.h"

/* Makes `dir`/`name` anew and listens on it. -1 on failure. (owned) */
int hv_socket_listen(const char *dir, const char *name, Err **err);
/* A connection, blocking. -1 on failure. (owned) */
int hv_socket_connect(const char *dir, const char *name, Err **err);
