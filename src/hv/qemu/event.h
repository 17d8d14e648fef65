/* What QEMU reports of its own accord. */
#pragma once

#include "wire/value.h"

/* Event thread; `user` is the QemuDomain. */
void qemu_event_handle(void *user, const char *event, const Value *data);
