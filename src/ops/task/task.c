/* Messages of class task that have a rule of their own. */
#include "core/core.h"
#include "gen/db_session.h"
#include "gen/db_task.h"
#include "gen/errors.h"
#include "gen/ops.h"
#include "ops/platform.h"

static bool check_task(Call *call, TaskRef task, Err **err)
{
    return db_task_exists(call_view(call), task) ||
           err_handle_invalid(err, "task", REF_TEXT(task.id));
}

bool task_create(Call *call, const TaskCreateArgs *args, TaskRef *ret_result, Err **err)
{
    (void)err;
    const TaskInfo info = {.label = args->label,
                           .description = args->description,
                           .session = call->session,
                           .parent = call->task,
                           .host = platform_host(call_platform(call)).id};
    ret_result->id = tasks_create(core_tasks(call->core), &info, NULL);
    return true;
}

bool task_destroy(Call *call, const TaskDestroyArgs *args, Err **err)
{
    if (!check_task(call, args->self, err)) {
        return false;
    }
    tasks_destroy(core_tasks(call->core), args->self.id);
    return true;
}

bool task_cancel(Call *call, const TaskCancelArgs *args, Err **err)
{
    return check_task(call, args->task, err) &&
           tasks_cancel(core_tasks(call->core), args->task.id, err);
}

bool task_set_status(Call *call, const TaskSetStatusArgs *args, Err **err)
{
    if (!check_task(call, args->self, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    if (db_task_status(db_txn_view(txn), args->self) == TASK_STATUS_TYPE_PENDING) {
        if (args->value != TASK_STATUS_TYPE_PENDING) {
            db_task_set_finished(txn, args->self, g_get_real_time() / USEC_PER_SEC);
        }
        db_task_set_status(txn, args->self, args->value);
    }
    return db_commit(txn, err);
}
