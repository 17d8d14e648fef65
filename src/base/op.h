/* One running piece of work: its deadline and the wish to cancel it.
 * Every call that may block takes an Op, so that nothing blocks for ever and
 * everything can be interrupted.  An Op may be cancelled from any thread. */
#pragma once

#include "base/err.h"

#include <poll.h>
#include <stdint.h>

typedef int64_t Usec; /* microseconds */
#define USEC_PER_MSEC ((Usec)1000)
#define USEC_PER_SEC  ((Usec)1000000)
#define USEC_NEVER    INT64_MAX

typedef struct Op Op;

/* `timeout` is counted from now; USEC_NEVER for none. (owned, refcounted) */
Op *op_new(Usec timeout);
/* Like op_new(), but also cancelled when `parent` is, and never later than it. */
Op *op_new_child(Op *parent, Usec timeout);
Op *op_ref(Op *op);
void op_unref(Op *op);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Op, op_unref)

/* Takes the mutexes of threads inside op_wait() and runs callbacks: call it with no lock held. */
void op_cancel(Op *op);
bool op_is_cancelled(const Op *op);

/* Called once when op_cancel() runs, on the cancelling thread; at once when it already has.
 * The returned id, never 0, removes it again; after removal it does not run.  Removal waits for a
 * call that is under way, so hold no lock there that `func` takes.  The id 0 removes nothing. */
unsigned op_on_cancel(Op *op, void (*func)(void *user), void *user);
void op_remove_on_cancel(Op *op, unsigned id);

Usec op_now(void);              /* monotonic clock */
Usec op_deadline(const Op *op); /* on that clock */

/* True while neither cancelled nor past its deadline. Fails with
 * TASK_CANCELLED [] or INTERNAL_ERROR ["timed out ..."]; the caller adds what it waited for. */
bool op_check(Op *op, Err **err);

/* poll(2) until one of `fds` is ready; their `revents` are set. No lock may be held. */
bool op_poll(Op *op, struct pollfd *fds, unsigned count, Err **err);

/* Waits for `cond` until signalled; the caller re-checks its predicate.  `mutex`, and no other
 * lock, is held before, and again after, also when this fails. */
bool op_wait(Op *op, GCond *cond, GMutex *mutex, Err **err);

/* For pacing a retry, never to wait for a fact that can be waited for. */
bool op_sleep(Op *op, Usec duration, Err **err);
