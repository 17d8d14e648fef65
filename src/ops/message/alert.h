/* Messages (alerts) that the daemon writes itself. */
#pragma once

#include "core/call.h"
#include "gen/types.h"

/* Priorities since 6.0: 1 data loss .. 5 information. */
enum { ALERT_SERVICE_LOSS = 2, ALERT_WARNING = 3, ALERT_INFORMATION = 5 };

/* "VM '<label>' (uuid: <uuid>) <what>", with the host's name and uuid appended when `what` ends in
 * "host". Never fails: an alert that cannot be written is logged. */
void alert_vm(Call *call, VmRef vm, const char *name, int priority, const char *what);
