/* The watch over running domains: hears from the engine when one ends or its guest has news, and
 * lets operations that asked a guest to stop wait for it.
 *
 * An end that no operation waits for is acted upon by the VM's actions_after_* fields, as soon as
 * nothing else works on the VM. */
#pragma once

#include "ops/platform.h"
#include "wire/value.h"

/* A guest that has been asked for its news is not asked for more that soon, however often it says
 * that there are some: what it makes the host do and write has an end. */
#define VM_WATCH_NEWS_PAUSE (USEC_PER_SEC / 5)

typedef struct VmWatch VmWatch;

/* When a guest was looked at. */
typedef struct VmLook {
    Uuid domain;
    uint64_t start_ticket;
    unsigned told;
} VmLook;

VmWatch *vm_watch_new(Platform *platform);
/* Begins to act. What ended while nobody watched (daemon down) is acted upon now. */
bool vm_watch_start(VmWatch *watch, Err **err);
/* Begins no work any more. While the core still exists, and before the engine is closed. */
void vm_watch_stop(VmWatch *watch);
void vm_watch_free(VmWatch *watch);

/* The callbacks to open the engine with. */
HvEvents vm_watch_events(VmWatch *watch);

/* Which start of a domain is the present one, before it can end; and that it is over. An end of
 * that same start which was told already stays known. `words` is what its store was begun with
 * (taken over), NULL if that was long ago. */
void vm_watch_started(VmWatch *watch, Uuid domain, uint64_t start_ticket, Value *words);
void vm_watch_ended(VmWatch *watch, Uuid domain);

/* Around a client's change of the words in a domain's store, of which only the client's call writes
 * to the database: what is seen of it in the store is not the guest's. */
void vm_watch_begin_words(VmWatch *watch, Uuid domain);
void vm_watch_end_words(VmWatch *watch, Uuid domain, const HvStoreChange *changes, unsigned count);
/* Gives what was seen in the store since `look`, and gets what was seen there before, NULL for
 * nothing (owned, both ways). False, and nothing is given, when a client changed it meanwhile:
 * there will be another look. */
bool vm_watch_swap_words(VmWatch *watch, const VmLook *look, Value **words);

/* Whether the engine told of an end that was not acted upon yet. */
bool vm_watch_has_exit(VmWatch *watch, Uuid domain);
/* Makes an end the caller's to act upon, who holds the VM's operation: true once for each. */
bool vm_watch_claim_exit(VmWatch *watch, Uuid domain, uint64_t start_ticket, bool *ret_was_put_off);
/* Gives it back, to be acted upon after a pause. Until then it holds nobody up. */
void vm_watch_put_off(VmWatch *watch, Uuid domain, uint64_t start_ticket, Usec pause);

/* Between expect and unexpect the end of the domain is the caller's matter; wait gives it, and
 * HV_EXIT_DESTROYED when somebody else ended the domain. */
void vm_watch_expect(VmWatch *watch, Uuid domain);
bool vm_watch_wait_exit(VmWatch *watch, Op *op, Uuid domain, HvExitReason *ret_reason, Err **err);
void vm_watch_unexpect(VmWatch *watch, Uuid domain);

/* Waits until no operation but those of `task` is on the VM and its devices. */
bool vm_watch_wait_alone(VmWatch *watch, Op *op, VmRef vm, Uuid task, Err **err);
