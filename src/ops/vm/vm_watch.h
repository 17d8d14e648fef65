/* The watch over running domains: hears from the engine when one ends or its guest has news, and
 * lets operations that asked a guest to stop wait for it.
 *
 * An end that no operation waits for is acted upon by the VM's actions_after_* fields. */
#pragma once

#include "ops/platform.h"

typedef struct VmWatch VmWatch;

VmWatch *vm_watch_new(Platform *platform);
/* Begins to act. What ended while nobody watched (daemon down) is acted upon now. */
bool vm_watch_start(VmWatch *watch, Err **err);
void vm_watch_stop(VmWatch *watch); /* before the engine is closed */
void vm_watch_free(VmWatch *watch);

/* The callbacks to open the engine with. */
HvEvents vm_watch_events(VmWatch *watch);

/* From vm_boot(): which start of a domain is the present one, and that it is over. */
void vm_watch_started(VmWatch *watch, Uuid domain, uint64_t start_ticket);
void vm_watch_ended(VmWatch *watch, Uuid domain);

/* Whether the engine told of an end that was not acted upon yet. */
bool vm_watch_has_exit(VmWatch *watch, Uuid domain);

/* Between expect and unexpect the end of the domain is the caller's matter; wait gives it. */
void vm_watch_expect(VmWatch *watch, Uuid domain);
bool vm_watch_wait_exit(VmWatch *watch, Op *op, Uuid domain, HvExitReason *ret_reason, Err **err);
void vm_watch_unexpect(VmWatch *watch, Uuid domain);
