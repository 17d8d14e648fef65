/* One command: its request, and then doing what the server's messages say. */
#pragma once

#include "net/stream.h"
#include "xe/xe_options.h"

#include <stdio.h>

typedef struct XeSession {
    const XeOptions *options;
    Op *op;
    Stream *stream;
    GPtrArray *named_files; /* char *: canonical paths the user named */
    FILE *debug;            /* NULL: no trace is wanted */
    int input, output;      /* the user's: what is prompted for, what is printed */
    int complaints;         /* the user's standard error */
} XeSession;

/* Writes `POST /cli` with the arguments and the credentials. */
bool xe_session_request(XeSession *session, Err **err);

/* Exchanges greetings, then serves the server's messages to the end.
 * Failures: XE_UNREACHABLE, XE_LOST, XE_NO_AGENT, XE_SERVER, XE_VERSION [text],
 * XE_FORBIDDEN [text], XE_LOCAL [text], XE_UNEXPECTED [text]. */
bool xe_session_run(XeSession *session, int *ret_exit_status, Err **err);

/* Sends one response or blob message. */
bool xe_session_send(XeSession *session, const GByteArray *bytes, Err **err);
bool xe_session_respond(XeSession *session, bool success, Err **err);

/* Writes to the trace, when there is one. */
void xe_session_debug(XeSession *session, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
