/* Files of a web console: what lies below one folder, served at /. */
#pragma once

#include "net/server.h"

enum { WEB_MAX_FILE = 32 * 1024 * 1024 }; /* bytes of one file; a larger one is not served */

/* Answers with the file that the path names below `root`: 404 for what is none, or hidden. */
void web_serve(HttpExchange *exchange, const char *root);

/* The file that a path stands for, "index.html" for a folder; NULL for a path that leaves the root
 * or names something hidden. (owned) */
char *web_file_of(const char *root, const char *path);
