/* The daemon's log: one line per event, to stderr and to a file when one is open.
 * A line reads "<time> <level> <area> [<context>] <text>".  The area is the
 * name of the source file without its ending.  Secrets cannot get here: see secret.h. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

struct Err;

#define log_debug(...) log_write(LOG_DEBUG, __FILE__, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __FILE__, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __FILE__, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __FILE__, __VA_ARGS__)

void log_write(LogLevel level, const char *file, const char *fmt, ...) G_GNUC_PRINTF(3, 4);

/* Lines below `level` are dropped. Default LOG_INFO. */
void log_set_level(LogLevel level);
bool log_parse_level(const char *text, LogLevel *ret_level);

/* Opens `path` for appending; reopening (after rotation) is a second call. */
bool log_open_file(const char *path, struct Err **err);

/* The bracketed part of this thread's lines, e.g. the task; NULL clears it. Copied. */
void log_set_context(const char *context);
