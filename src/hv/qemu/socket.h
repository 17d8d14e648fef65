/* Unix sockets in a domain's folder.  Reached through the folder's descriptor, for a socket's
 * path may have 107 bytes only and run_dir is the administrator's choice. */
#pragma once

#include "base/err.h"

#define QEMU_SOCKET_QMP    "qmp.sock"
#define QEMU_SOCKET_AGENT  "agent.sock"
#define QEMU_SOCKET_SERIAL "serial.sock"

/* Makes `dir`/`name` anew and listens on it. -1 on failure. (owned) */
int qemu_socket_listen(const char *dir, const char *name, Err **err);
/* A connection, blocking. -1 on failure. (owned) */
int qemu_socket_connect(const char *dir, const char *name, Err **err);
