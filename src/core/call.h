/* One call: who makes it, what it works under, and what it may touch.  Implementations in
 * src/ops get a Call and nothing else; there are no globals. */
#pragma once

#include "base/arena.h"
#include "base/op.h"
#include "core/long_result.h"
#include "core/method.h"
#include "db/store.h"

typedef struct Core Core; /* core/core.h: the daemon's services */

typedef struct Call {
    Core *core;
    Arena *arena; /* dies with the call */
    Op *op;       /* its deadline and cancel */
    Db *db;
    const MethodInfo *method;
    Uuid session;  /* ref; null for METHOD_NO_SESSION */
    Uuid task;     /* ref; null when the call has none */
    uint8_t roles; /* of the session, bit 1 << Role; all set for local root */
    bool is_local_superuser;
    bool is_pool;             /* a session of the pool itself */
    const char *user;         /* (arena) auth_user_name */
    const char *sid;          /* (arena) of the user in the directory; "" for local ones */
    const char *originator;   /* (arena) */
    const char *peer;         /* (arena) address or "unix" */
    bool peer_is_local_root;  /* came by the unix socket */
    LongResult **long_result; /* where one may be left; NULL: it may not */
} Call;

/* A snapshot taken now, kept until the call ends. (borrowed) Take a new one after a commit. */
const DbView *call_view(Call *call);

/* The result of a call that has a long one (taken over): a void, which stands for it, or a tree,
 * when the caller takes nothing else. (owned) */
Value *call_answer_long(Call *call, LongResult *result);

/* Sets the task's progress, 0..1. Cheap: written at most a few times a second. */
void call_progress(Call *call, double done);
