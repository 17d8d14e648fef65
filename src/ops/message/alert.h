/* Messages (alerts): rows of class message, written by the daemon itself or by clients. */
#pragma once

#include "core/call.h"
#include "gen/types.h"

/* Priorities since 6.0: 1 data loss .. 5 information. */
enum { ALERT_SERVICE_LOSS = 2, ALERT_WARNING = 3, ALERT_INFORMATION = 5 };

/* Beyond it the oldest go, several at a time. */
enum { ALERT_MAX_KEPT = 10000 };

typedef struct Alert {
    const char *name;
    int64_t priority;
    Cls cls;
    const char *obj_uuid;
    const char *body;
} Alert;

/* Adds the message, of now. */
MessageRef alert_write(DbTxn *txn, const Alert *alert);

/* "VM '<label>' (uuid: <uuid>) <what>", with the host's name and uuid appended when `what` ends in
 * "host". Never fails: an alert that cannot be written is logged. */
void alert_vm(Call *call, VmRef vm, const char *name, int priority, const char *what);
