/* Connections of xe: to the daemon of this machine by its socket, to others by TLS or plain. */
#pragma once

#include "net/stream.h"
#include "xe/xe_options.h"

typedef struct XeTarget {
    char *host;
    int port;   /* -1: the usual one */
    char *path; /* with its query */
} XeTarget;

void xe_target_clear(XeTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XeTarget, xe_target_clear)

/* Reads `url`, either "https://host[:port]/path" or a path on the server of `options`. */
XeTarget xe_target_parse(const XeOptions *options, const char *url);

/* Connects to `host`; `port` -1 is 443 with TLS, else 80.  127.0.0.1 without a port is reached by
 * the daemon's socket under `root` first and never by TLS.  Certificates are not checked.
 * Fails with XE_NO_HOST [host] or XE_CONNECT [reason]. (owned) */
Stream *xe_connect(const XeOptions *options, Op *op, const char *host, int port, Err **err);
