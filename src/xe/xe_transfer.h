/* Files that move between this machine and a server: inside the session, by PUT and by GET. */
#pragma once

#include "xe/xe_session.h"

/* An absolute path without "." and ".."; links are not looked at. (owned) */
char *xe_transfer_canonical_path(const char *path);

/* Sends a named file through the session; answers Failed when it cannot be read. */
bool xe_transfer_load(XeSession *session, const char *file, Err **err);
/* Uploads a named file to `url`. `ret_failed` tells that the command cannot go on. */
bool xe_transfer_put(XeSession *session, const char *file, const char *url, bool *ret_failed,
                     Err **err);
/* Downloads `url` into a new file that was named, or lies in the current folder; "" is the
 * standard output. */
bool xe_transfer_get(XeSession *session, const char *file, const char *url, bool *ret_failed,
                     Err **err);
