/* What QEMU reports of its own accord. */
#pragma once

#include "hv/hv.h"
#include "wire/value.h"

/* Event thread; `user` is the QemuDomain. */
void qemu_event_handle(void *user, const char *event, const Value *data);

/* Whether the event says that the guest has ended, and how. */
bool qemu_event_is_end(const char *event, const Value *data, HvExitReason *ret_reason);
