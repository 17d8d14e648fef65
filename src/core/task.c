/* Tasks in the database, and beside them the Ops of those that run here.
 * The order of writes at completion matters to clients: status comes last, all in one commit. */
#include "core/task.h"

#include "base/lock.h"
#include "gen/db_task.h"
#include "gen/errors.h"
#include "wire/xmlrpc.h"

typedef struct RunningTask {
    Uuid ref; /* key of the table */
    Op *op;
    double written_progress;
    bool destroy_when_done;
} RunningTask;

/* Progress smaller than this is not worth a version of the object. */
static const double PROGRESS_STEP = 0.01;

struct Tasks {
    Db *db;
    Lock lock;           /* everything below */
    GHashTable *running; /* Uuid * -> RunningTask * */
    Uuid host;
};

static void running_free(gpointer data);
static bool add_running(Tasks *tasks, Uuid task, Op *op);
static Uuid host_of(Tasks *tasks);
static GArray *list_collectable(Tasks *tasks, const DbView *view);
static bool is_running(Tasks *tasks, TaskRef task);
static bool is_pending(const DbView *view, TaskRef task);
static void complete(Tasks *tasks, Uuid task, TaskStatusType status, const Value *result,
                     const Err *error);

Tasks *tasks_new(Db *db)
{
    Tasks *tasks = g_new0(Tasks, 1);
    tasks->db = db;
    lock_init(&tasks->lock, LOCK_TASK);
    tasks->running = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, running_free);
    return tasks;
}

void tasks_free(Tasks *tasks)
{
    if (!tasks) {
        return;
    }
    g_hash_table_unref(tasks->running);
    lock_clear(&tasks->lock);
    g_free(tasks);
}

void tasks_set_host(Tasks *tasks, Uuid host)
{
    LOCK_GUARD(&tasks->lock);
    tasks->host = host;
}

Uuid tasks_create(Tasks *tasks, const TaskInfo *info, Op *op)
{
    TaskRef task = {uuid_generate()};
    if (op) {
        add_running(tasks, task.id, op);
    }
    HostRef host = {host_of(tasks)};
    DbTxn *txn = db_begin(tasks->db);
    db_create(txn, CLASS_TASK, task.id, uuid_generate());
    db_task_set_name_label(txn, task, info->label);
    db_task_set_name_description(txn, task, info->description);
    db_task_set_created(txn, task, g_get_real_time() / USEC_PER_SEC);
    db_task_set_status(txn, task, TASK_STATUS_TYPE_PENDING);
    db_task_set_session(txn, task, (SessionRef){info->session});
    db_task_set_subtask_of(txn, task, (TaskRef){info->parent});
    db_task_set_resident_on(txn, task, host);
    db_task_set_type(txn, task, "<none/>");
    db_commit_async(txn);
    return task.id;
}

bool tasks_adopt(Tasks *tasks, Uuid task, Op *op, Err **err)
{
    return add_running(tasks, task, op) ||
           err_operation_not_allowed(err, "Something works on this task already");
}

void tasks_succeed(Tasks *tasks, Uuid task, const Value *result)
{
    complete(tasks, task, TASK_STATUS_TYPE_SUCCESS, result, NULL);
}

void tasks_fail(Tasks *tasks, Uuid task, const Err *error)
{
    bool cancelled = err_is(error, "TASK_CANCELLED");
    complete(tasks, task, cancelled ? TASK_STATUS_TYPE_CANCELLED : TASK_STATUS_TYPE_FAILURE, NULL,
             error);
}

void tasks_progress(Tasks *tasks, Uuid task, double done)
{
    {
        LOCK_GUARD(&tasks->lock);
        RunningTask *running = g_hash_table_lookup(tasks->running, &task);
        if (!running || done < running->written_progress + PROGRESS_STEP) {
            return;
        }
        running->written_progress = done;
    }
    DbTxn *txn = db_begin(tasks->db);
    if (is_pending(db_txn_view(txn), (TaskRef){task})) {
        db_task_set_progress(txn, (TaskRef){task}, MIN(done, 1.0));
    }
    db_commit_async(txn);
}

bool tasks_cancel(Tasks *tasks, Uuid task, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(tasks->db);
    if (!is_pending(db_snapshot_view(snapshot), (TaskRef){task})) {
        return true;
    }
    g_autoptr(Op) op = NULL;
    {
        LOCK_GUARD(&tasks->lock);
        RunningTask *running = g_hash_table_lookup(tasks->running, &task);
        op = running ? op_ref(running->op) : NULL;
    }
    if (!op) {
        return err_operation_not_allowed(
            err, "Nothing works on this task that could be cancelled; its creator completes it");
    }
    op_cancel(op);
    return true;
}

void tasks_destroy(Tasks *tasks, Uuid task)
{
    {
        LOCK_GUARD(&tasks->lock);
        RunningTask *running = g_hash_table_lookup(tasks->running, &task);
        if (running) {
            running->destroy_when_done = true;
            return;
        }
    }
    DbTxn *txn = db_begin(tasks->db);
    db_task_delete(txn, (TaskRef){task});
    db_commit_async(txn);
}

void tasks_recover(Tasks *tasks)
{
    DbTxn *txn = db_begin(tasks->db);
    g_autoptr(GArray) all = db_task_all(db_txn_view(txn));
    for (guint i = 0; i < all->len; i++) {
        TaskRef task = g_array_index(all, TaskRef, i);
        if (is_pending(db_txn_view(txn), task)) {
            db_task_set_finished(txn, task, g_get_real_time() / USEC_PER_SEC);
            db_task_set_status(txn, task, TASK_STATUS_TYPE_CANCELLED);
        }
    }
    db_commit_async(txn);
}

void tasks_collect(Tasks *tasks)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(tasks->db);
    g_autoptr(GArray) old = list_collectable(tasks, db_snapshot_view(snapshot));
    if (old->len == 0) {
        return;
    }
    DbTxn *txn = db_begin(tasks->db);
    for (guint i = 0; i < old->len; i++) {
        db_task_delete(txn, g_array_index(old, TaskRef, i));
    }
    db_commit_async(txn);
}

/* False when it is among them already. */
static bool add_running(Tasks *tasks, Uuid task, Op *op)
{
    LOCK_GUARD(&tasks->lock);
    if (g_hash_table_contains(tasks->running, &task)) {
        return false;
    }
    RunningTask *running = g_new0(RunningTask, 1);
    running->ref = task;
    running->op = op_ref(op);
    return g_hash_table_insert(tasks->running, &running->ref, running);
}

static Uuid host_of(Tasks *tasks)
{
    LOCK_GUARD(&tasks->lock);
    return tasks->host;
}

static gint by_finished(gconstpointer a, gconstpointer b, gpointer view)
{
    int64_t first = db_task_finished(view, *(const TaskRef *)a);
    int64_t second = db_task_finished(view, *(const TaskRef *)b);
    return (first > second) - (first < second);
}

/* Array of TaskRef. What runs is never among them, however old: its locks are under its name. */
static GArray *list_collectable(Tasks *tasks, const DbView *view)
{
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    GArray *old = g_array_new(FALSE, FALSE, sizeof(TaskRef));
    g_autoptr(GArray) all = db_task_all(view);
    g_array_sort_with_data(all, by_finished, (gpointer)view);
    for (guint i = 0; i < all->len; i++) {
        TaskRef task = g_array_index(all, TaskRef, i);
        bool pending = is_pending(view, task);
        bool too_old = pending ? db_task_created(view, task) < now - TASK_PENDING_SECONDS
                               : db_task_finished(view, task) < now - TASK_KEEP_SECONDS;
        bool too_many = !pending && all->len - old->len > TASK_MAX;
        if ((too_old || too_many) && !is_running(tasks, task)) {
            g_array_append_val(old, task);
        }
    }
    return old;
}

static bool is_running(Tasks *tasks, TaskRef task)
{
    LOCK_GUARD(&tasks->lock);
    return g_hash_table_contains(tasks->running, &task.id);
}

static void running_free(gpointer data)
{
    RunningTask *running = data;
    op_unref(running->op);
    g_free(running);
}

static bool is_pending(const DbView *view, TaskRef task)
{
    TaskStatusType status = db_task_status(view, task);
    return db_task_exists(view, task) &&
           (status == TASK_STATUS_TYPE_PENDING || status == TASK_STATUS_TYPE_CANCELLING);
}

static Value *error_info(const Err *error)
{
    Value *info = value_new_array(1 + g_strv_length(error->params));
    value_array_add(info, value_new_string(error->code));
    for (char **param = error->params; *param; param++) {
        value_array_add(info, value_new_string(*param));
    }
    return info;
}

static void complete(Tasks *tasks, Uuid ref, TaskStatusType status, const Value *result,
                     const Err *error)
{
    bool destroy = false;
    {
        LOCK_GUARD(&tasks->lock);
        RunningTask *running = g_hash_table_lookup(tasks->running, &ref);
        destroy = running && running->destroy_when_done;
        g_hash_table_remove(tasks->running, &ref);
    }
    g_autoptr(GString) encoded = g_string_new(NULL);
    if (result) {
        xmlrpc_append_value(encoded, result);
    }
    TaskRef task = {ref};
    DbTxn *txn = db_begin(tasks->db);
    if (destroy) {
        db_task_delete(txn, task);
    } else if (is_pending(db_txn_view(txn), task)) {
        db_task_set_finished(txn, task, g_get_real_time() / USEC_PER_SEC);
        db_task_set_progress(txn, task, 1.0);
        db_task_set_result(txn, task, encoded->str);
        if (error) {
            db_task_set_error_info(txn, task, error_info(error));
        }
        db_task_set_status(txn, task, status);
    }
    db_commit_async(txn);
}
