/* What the user asked of xe itself: where to connect and as whom.  Everything else on the
 * command line belongs to the server. */
#pragma once

#include "base/err.h"
#include "base/secret.h"

#include <stdint.h>

#define XE_LOCAL_SERVER "127.0.0.1"

typedef struct XeOptions {
    char *server;
    int port; /* -1: none given */
    char *username;
    Secret *password;
    bool tls;
    bool debug;
    bool debug_on_fail;
    char *traceparent; /* NULL: none */
    GPtrArray *args;   /* char *: what the server gets, command first */
} XeOptions;

void xe_options_clear(XeOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XeOptions, xe_options_clear)

/* Where options come from besides the command line. */
typedef struct XeOptionSources {
    const char *rc_text;    /* the content of ~/.xe; NULL: there is none */
    const char *extra_args; /* XE_EXTRA_ARGS; NULL: unset */
} XeOptionSources;

/* Merges defaults, ~/.xe, XE_EXTRA_ARGS and `args` (NULL-terminated), each stronger than the one
 * before.  Fails with XE_USAGE [complaint] when the usage text is due, XE_ABORT [complaint] when
 * only the complaint is. */
bool xe_options_parse(const XeOptionSources *sources, const char *const *args,
                      XeOptions *ret_options, Err **err);

/* The values of all key=value arguments: what the user named, and so may be read or written. */
GPtrArray *xe_options_named_values(const XeOptions *options); /* of char * (owned) */
