/* Who makes an HTTP request that is no RPC, what they may do, and the task by which they follow it.
 *
 * The first that is there decides: the unix socket of root; a session in the cookie or the query; a
 * pool secret; "Authorization: Basic" with a user name and password, for which a session is made
 * and ended with the request; "Authorization: Bearer" with an API token. */
#pragma once

#include "core/core.h"
#include "core/method.h"
#include "core/permission.h"
#include "net/server.h"

typedef struct FrontCaller {
    Core *core;
    const HttpAction *action;
    Uuid session; /* null: root by the unix socket */
    bool owns_session;
    SessionInfo info;
    Uuid task; /* pending until front_auth_end() */
    bool owns_task;
    char *peer;
    GString *arguments; /* for the audit log */
} FrontCaller;

/* Lets the caller in, or answers the exchange (401, 403, or 500 for a scheme that is unknown) and
 * returns NULL; a task named by the request then fails with the same reason.  The caller has a
 * task: the pending one that the parameter `task_id` names, else a new one under `subtask_of`.
 * It can be cancelled when there is an `op`. */
FrontCaller *front_auth_begin(Core *core, HttpExchange *exchange, HttpActionId action, Op *op);

/* Whether the caller has what a part of an action needs beyond the action itself:
 * RBAC_PERMISSION_DENIED otherwise. */
bool front_auth_check(const FrontCaller *caller, Permission permission, Err **err);

/* Completes the task: with success when `error` (borrowed) is NULL, with `result` (borrowed) or an
 * empty result.  Ends a session made for the request, frees `caller`. Any thread. */
void front_auth_end(FrontCaller *caller, const Value *result, const Err *error);

/* The session that an Authorization header stands for: one of its own for a password, which the
 * caller ends, or the token's. */
typedef enum FrontGrant { FRONT_GRANTED, FRONT_UNKNOWN, FRONT_BAD_SCHEME } FrontGrant;
FrontGrant front_auth_grant(Core *core, const HttpExchange *exchange, const char *header,
                            Uuid *ret_session, bool *ret_owns_session);

/* A parameter, from the cookies first, then from the query; NULL when it is in neither. (owned) */
char *front_auth_param(const HttpHead *head, const char *name);

/* Pure parts. */

/* "Basic <base64>" to its two parts (owned); false for anything else. */
bool front_auth_parse_basic(const char *header, char **ret_user, char **ret_password);
/* What follows "Bearer ", or NULL for anything else. (borrowed) */
const char *front_auth_parse_bearer(const char *header);
