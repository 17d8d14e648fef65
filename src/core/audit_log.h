/* The audit log as a file: lines are appended, and it is cut into files of bounded size.  What a
 * line says is core/audit.h's matter.
 *
 * The current file is `path`; older ones are `path`.1 (the newest of them) and so on.  A tool like
 * logrotate may rename or compress them too: the file is opened anew when it is not the one at
 * `path` any more, and "<path>.<n>.gz" is read as well. */
#pragma once

#include "base/err.h"

#include <glib.h>

typedef struct AuditLog AuditLog;

enum {
    AUDIT_LOG_MAX_BYTES = 8 * 1024 * 1024, /* of one file */
    AUDIT_LOG_KEPT = 12,                   /* older files; more are deleted */
    AUDIT_LOG_MAX_LINE = 64 * 1024,        /* bytes; what is longer is cut off */
    AUDIT_LOG_MAX_NUMBER = 100,            /* of an older file that is looked for */
};

/* `path` NULL: what is appended goes nowhere. The file is made when the first line comes. */
AuditLog *audit_log_new(const char *path);
void audit_log_free(AuditLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditLog, audit_log_free)

/* Appends `line`, which gets its line end here; control bytes in it become spaces.  A failure is
 * told to the daemon's log; it stops no call. */
void audit_log_append(AuditLog *log, const char *line);

/* Descriptors of all files, oldest first, as they are at one moment; compressed ones among them.
 * An array of int, which closes them when it is freed. (owned) */
GArray *audit_log_open_all(AuditLog *log);
