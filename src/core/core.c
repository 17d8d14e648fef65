/* Making and ending the services, the operation threads and the housekeeping thread. */
#include "core/core.h"

#include "base/log.h"
#include "core/oplock.h"

/* Longer than what an engine gives a guest's process before it kills it. */
#define UNDO_TIMEOUT (30 * USEC_PER_SEC)

/* After a wrong password of a user of the directory, as in XenServer. */
#define LOGIN_DELAY (5 * USEC_PER_SEC)

/* How often idle sessions and finished tasks are looked for, and event.next hears of the pool. */
#define HOUSEKEEPING_INTERVAL (30 * USEC_PER_SEC)

struct Core {
    Db *db;
    void *platform;
    AuditLog *audit;
    Auth *auth;
    Sessions *sessions;
    Tasks *tasks;
    Tokens *tokens;
    Events *events;
    Delays *delays;
    Op *op;
    GThreadPool *operations;
    GThread *housekeeper;
};

typedef struct Operation {
    void (*func)(void *user);
    void *user;
} Operation;

static void run_operation(gpointer data, gpointer user);
static gpointer keep_house(gpointer user);

Core *core_new(const CoreConfig *config, Err **err)
{
    Core *core = g_new0(Core, 1);
    core->db = config->db;
    core->platform = config->platform;
    core->op = op_new(USEC_NEVER);
    core->audit = audit_log_new(config->audit_path);
    core->auth = auth_new(config->accounts_path, config->pam_service);
    core->sessions = sessions_new(core->db, core->auth);
    sessions_set_audit(core->sessions, core->audit);
    core->tasks = tasks_new(core->db);
    core->tokens = tokens_new(core->db, core->sessions, core->auth);
    core->events = events_new(core->db);
    core->delays = delays_new(LOGIN_DELAY);
    core->operations = g_thread_pool_new(run_operation, core, CORE_MAX_OPERATIONS, FALSE, NULL);
    tasks_recover(core->tasks);
    oplock_recover(core->db);
    GError *error = NULL;
    core->housekeeper = g_thread_try_new("housekeeper", keep_house, core, &error);
    if (!core->housekeeper) {
        err_internal(err, "cannot start a thread: %s", error->message);
        g_clear_error(&error);
        core_free(core);
        return NULL;
    }
    return core;
}

void core_stop(Core *core)
{
    op_cancel(core->op);
    events_stop(core->events);
    delays_stop(core->delays);
}

void core_free(Core *core)
{
    if (!core) {
        return;
    }
    core_stop(core);
    if (core->housekeeper) {
        g_thread_join(core->housekeeper);
    }
    g_thread_pool_free(core->operations, FALSE, TRUE);
    delays_free(core->delays);
    events_free(core->events);
    tasks_free(core->tasks);
    tokens_free(core->tokens);
    sessions_free(core->sessions);
    auth_free(core->auth);
    audit_log_free(core->audit);
    op_unref(core->op);
    g_free(core);
}

Db *core_db(Core *core)
{
    return core->db;
}

void *core_platform(Core *core)
{
    return core->platform;
}

AuditLog *core_audit(Core *core)
{
    return core->audit;
}

Auth *core_auth(Core *core)
{
    return core->auth;
}

Sessions *core_sessions(Core *core)
{
    return core->sessions;
}

Tasks *core_tasks(Core *core)
{
    return core->tasks;
}

Tokens *core_tokens(Core *core)
{
    return core->tokens;
}

Events *core_events(Core *core)
{
    return core->events;
}

Delays *core_delays(Core *core)
{
    return core->delays;
}

Op *core_op(Core *core)
{
    return core->op;
}

Op *core_undo_op(void)
{
    return op_new(UNDO_TIMEOUT);
}

void core_run_operation(Core *core, void (*func)(void *user), void *user)
{
    Operation *operation = g_new0(Operation, 1);
    operation->func = func;
    operation->user = user;
    g_thread_pool_push(core->operations, operation, NULL);
}

static void run_operation(gpointer data, gpointer user)
{
    (void)user;
    Operation operation = *(Operation *)data;
    g_free(data);
    operation.func(operation.user);
}

static gpointer keep_house(gpointer user)
{
    Core *core = user;
    while (op_sleep(core->op, HOUSEKEEPING_INTERVAL, NULL)) {
        sessions_collect(core->sessions);
        sessions_revalidate(core->sessions, SESSION_REVALIDATE_AGE);
        tasks_collect(core->tasks);
        events_heartbeat(core->events);
    }
    return NULL;
}
