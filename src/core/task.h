/* Tasks: the objects by which clients follow, cancel and collect what runs. */
#pragma once

#include "db/store.h"

typedef struct Tasks Tasks;

enum {
    TASK_KEEP_SECONDS = 3900,     /* after completion, unless destroyed before */
    TASK_PENDING_SECONDS = 86400, /* a pending one nobody works on */
    TASK_MAX = 200,               /* beyond it the oldest completed ones go first */
};

Tasks *tasks_new(Db *db);
void tasks_free(Tasks *tasks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tasks, tasks_free)

typedef struct TaskInfo {
    const char *label, *description;
    Uuid session;
    Uuid parent; /* null: none */
} TaskInfo;

/* Names the host that new tasks are resident on. */
void tasks_set_host(Tasks *tasks, Uuid host);

/* A pending task. With `op` (referenced until completion) it can be cancelled. */
Uuid tasks_create(Tasks *tasks, const TaskInfo *info, Op *op);
/* Works on a pending task that a client made: it can be cancelled by `op` (referenced until
 * completion).  OPERATION_NOT_ALLOWED when something works on it already. */
bool tasks_adopt(Tasks *tasks, Uuid task, Op *op, Err **err);
/* Complete it, once: later calls change nothing. `result` NULL stands for an empty result. */
void tasks_succeed(Tasks *tasks, Uuid task, const Value *result);
void tasks_fail(Tasks *tasks, Uuid task, const Err *error); /* TASK_CANCELLED makes it cancelled */
void tasks_progress(Tasks *tasks, Uuid task, double done);

/* Asks the work behind a task to stop. OPERATION_NOT_ALLOWED when nothing can; no effect on a
 * completed one. */
bool tasks_cancel(Tasks *tasks, Uuid task, Err **err);
/* Removes a completed task; a running one goes when it completes. */
void tasks_destroy(Tasks *tasks, Uuid task);

/* At start: what was pending when the daemon ended is cancelled. */
void tasks_recover(Tasks *tasks);
void tasks_collect(Tasks *tasks);
