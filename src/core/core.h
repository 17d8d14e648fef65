/* The services every call stands on, made once by the daemon: the object store, accounts and
 * sessions, tasks, operation locks, events, and the threads that long operations run on. */
#pragma once

#include "core/audit_log.h"
#include "core/auth.h"
#include "core/delay.h"
#include "core/event.h"
#include "core/session.h"
#include "core/task.h"
#include "core/token.h"

typedef struct Core Core;

typedef struct CoreConfig {
    Db *db;                    /* borrowed; outlives the core */
    const char *accounts_path; /* local accounts, see core/auth.h */
    const char *pam_service;   /* "" or NULL: PAM is not asked */
    const char *audit_path;    /* NULL: no audit log is kept */
    void *platform;            /* what src/ops works with; opaque here */
} CoreConfig;

Core *core_new(const CoreConfig *config, Err **err);
/* Cancels what runs and answers every parked call, while the front can still tell its clients. */
void core_stop(Core *core);
/* Stops first, and waits for what runs. */
void core_free(Core *core);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Core, core_free)

Db *core_db(Core *core);
void *core_platform(Core *core);
AuditLog *core_audit(Core *core);
Auth *core_auth(Core *core);
Sessions *core_sessions(Core *core);
Tasks *core_tasks(Core *core);
Tokens *core_tokens(Core *core);
Events *core_events(Core *core);
/* What answers to wrong passwords go through. */
Delays *core_delays(Core *core);

/* The Op whose cancel means that the daemon stops; parent of every call's Op. (borrowed) */
Op *core_op(Core *core);

/* For taking back what a call began: neither the call's cancel nor the daemon's end stops it. It
 * ends by itself, so that the daemon does. (owned) */
Op *core_undo_op(void);

/* Runs `func(user)` on an operation thread, at once: there is one for each running operation, at
 * most CORE_MAX_OPERATIONS; more wait in line. */
enum { CORE_MAX_OPERATIONS = 256 };
void core_run_operation(Core *core, void (*func)(void *user), void *user);
