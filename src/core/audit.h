/* What an audit line says: who asked for what, on which objects, and how it ended.  One line is
 * written for every call and every HTTP request with side effects, allowed or denied, in the form
 * of XenServer 6.2:
 *
 *   [<time>|audit|<host>|<thread> <peer>|<label> R:<task>|audit] ('trackid=<md5 of the session>'
 *   '<subject id>' '<user>' 'ALLOWED' 'OK' 'API' 'VM.start' (('vm' '<name>' '<uuid>' '<ref>')))
 *
 * Only descriptive texts and references are written of arguments, so that no secret gets here. */
#pragma once

#include "core/audit_log.h"
#include "core/call.h"

typedef struct AuditEvent {
    const char *action; /* "VM.start", "http/get_host_backup" */
    const char *label;  /* of the task: "Async.VM.start" */
    Uuid task;          /* null: none */
    const char *peer;
    Uuid session;
    bool is_superuser;     /* of this host */
    const char *sid;       /* of the user in the directory */
    const char *user;      /* the name of the user */
    const char *arguments; /* what audit_append_...() made; "" for none */
} AuditEvent;

/* False for questions and for what would only fill the log. */
bool audit_is_wanted(const char *action);

/* `error` NULL: it succeeded.  RBAC_PERMISSION_DENIED makes the line one of a denied action. */
void audit_write(AuditLog *log, const AuditEvent *event, const Err *error);

/* Appends "('<name>' '<name_label>' '<uuid>' '<ref>')" when `text` is descriptive, or the reference
 * or uuid of an object; else nothing. */
void audit_append_text(GString *out, const DbView *view, const char *name, const char *text);

/* Appends a text that is told as it is. */
void audit_append_pair(GString *out, const char *name, const char *text);

/* All arguments of a call, after type_coerce(). */
void audit_append_arguments(GString *out, const DbView *view, const MethodInfo *method,
                            Value *const *args);
