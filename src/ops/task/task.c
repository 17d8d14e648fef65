/* Messages of class task that have a rule of their own. */
#include "base/text.h"
#include "core/core.h"
#include "core/rbac.h"
#include "gen/db_session.h"
#include "gen/db_task.h"
#include "gen/errors.h"
#include "gen/ops_task.h"

/* Tasks of the caller's own user may be ended and changed; those of others with a permission. */
static bool check_owner(Call *call, TaskRef task, Err **err)
{
    const DbView *view = call_view(call);
    SessionRef own = {call->session}, creator = db_task_session(view, task);
    bool is_own =
        db_session_exists(view, creator) &&
        text_equal(db_session_auth_user_sid(view, creator), db_session_auth_user_sid(view, own));
    return is_own || rbac_check_permission(call, PERMISSION_TASK_DESTROY_ANY, err);
}

bool task_create(Call *call, const TaskCreateArgs *args, TaskRef *ret_result, Err **err)
{
    const TaskInfo info = {.label = args->label,
                           .description = args->description,
                           .session = call->session,
                           .parent = call->task};
    ret_result->id = tasks_create(core_tasks(call->core), &info, NULL);
    return db_sync(call->db, err);
}

bool task_destroy(Call *call, const TaskDestroyArgs *args, Err **err)
{
    if (!check_owner(call, args->self, err)) {
        return false;
    }
    tasks_destroy(core_tasks(call->core), args->self.id);
    return true;
}

bool task_cancel(Call *call, const TaskCancelArgs *args, Err **err)
{
    return check_owner(call, args->task, err) &&
           tasks_cancel(core_tasks(call->core), args->task.id, err);
}

bool task_set_status(Call *call, const TaskSetStatusArgs *args, Err **err)
{
    if (!check_owner(call, args->self, err)) {
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

/* What runs before a generic setter writes. */
bool task_change_progress(Call *call, TaskRef self, const Value *new_value, Err **err)
{
    (void)new_value;
    return check_owner(call, self, err);
}

bool task_change_result(Call *call, TaskRef self, const Value *new_value, Err **err)
{
    (void)new_value;
    return check_owner(call, self, err);
}

bool task_change_error_info(Call *call, TaskRef self, const Value *new_value, Err **err)
{
    (void)new_value;
    return check_owner(call, self, err);
}

bool task_change_other_config(Call *call, TaskRef self, const Value *new_value, Err **err)
{
    (void)new_value;
    return check_owner(call, self, err);
}
