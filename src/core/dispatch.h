/* From a method's name and parameters to an answer: the checks in their order, the task, the
 * operation locks, the thread.  Fronts (RPC, CLI) call this and nothing below it. */
#pragma once

#include "core/call.h"
#include "core/core.h"

/* Where a call comes from. All borrowed until dispatch_new() returns. */
typedef struct CoreCaller {
    Uuid session;           /* for core_invoke() only */
    const char *peer;       /* address, or "unix" */
    const char *originator; /* what the client calls itself, or "" */
    bool peer_is_local_root;
    Op *op;                   /* parent of the call's Op; NULL: the core's */
    LongResult **long_result; /* where a long result may be left (owned), while `done` gets a void;
                                 lives until `done` runs. NULL: results are Values only */
} CoreCaller;

typedef struct Dispatch Dispatch;

/* Exactly one of `result` (borrowed) and `error` is set. Runs on any thread. */
typedef void (*DispatchDone)(void *user, const Value *result, const Err *error);

/* Looks the method up, checks and converts `params` (as they came, session first), the session
 * and the role. NULL with the error to answer. */
Dispatch *dispatch_new(Core *core, const CoreCaller *caller, const char *method,
                       const Value *params, Err **err);

/* Whether dispatch_run() may return before `done` ran. */
bool dispatch_may_wait(const Dispatch *dispatch);

/* Tells that nobody waits for the answer any more: a parked call ends, an operation goes on. Any
 * thread, until `done` has run. */
void dispatch_peer_gone(Dispatch *dispatch);

/* Runs the call and frees `dispatch`. `done` runs exactly once, possibly before this returns. */
void dispatch_run(Dispatch *dispatch, DispatchDone done, void *user);

/* Whether all that a message does is to write a field. */
bool dispatch_is_write(const MethodInfo *method);
/* Runs calls of such messages in one transaction, all or none, and frees them. */
bool dispatch_write_all(Dispatch **writes, unsigned count, Err **err);
/* For a call that is not run. */
void dispatch_free(Dispatch *dispatch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dispatch, dispatch_free)

/* A whole call at once, for fronts that have a thread of their own: `params` (taken over) come
 * without the session, which is the caller's. (owned) */
Value *core_invoke(Core *core, const CoreCaller *caller, const char *method, Value *params,
                   Err **err);

/* Work of the daemon's own that needs what a call has: `func` runs here and now, as local root and
 * under a task called `label` that is gone afterwards. */
bool core_run_internal(Core *core, const char *label,
                       bool (*func)(Call *call, void *user, Err **err), void *user, Err **err);

/* For implementations of METHOD_PARKING messages that fail: the answer is sent after a while. */
void call_fail_late(Call *call);
/* For implementations of METHOD_PARKING messages: the call goes on after they return. They leave
 * their result NULL and return true; somebody calls parked_finish() once, from any thread. */
typedef struct ParkedCall ParkedCall;
ParkedCall *call_park(Call *call);
Call *parked_call(ParkedCall *parked);
/* Both (taken over); exactly one is set. */
void parked_finish(ParkedCall *parked, Value *result, Err *error);
