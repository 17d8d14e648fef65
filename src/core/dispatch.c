/* The life of a call between the front and its implementation; see docs/ARCHITECTURE.md.
 *
 * Short calls run on the thread that brings them.  Calls that take an operation lock run on an
 * operation thread and answer later.  An Async call answers with its task at once and then goes
 * the same way.  Parked calls (event.from) hold no thread at all. */
#include "core/dispatch.h"

#include "base/log.h"
#include "core/audit.h"
#include "core/implicit.h"
#include "core/oplock.h"
#include "core/rbac.h"
#include "core/record.h"
#include "gen/errors.h"
#include "wire/json.h"

struct Dispatch {
    Call call;   /* first: a Call of ours is its Dispatch */
    char *label; /* the method as the client wrote it */
    bool async;
    bool fails_late;
    Err *failure;             /* while the answer waits */
    Value **args;             /* param_count coerced values (arena) */
    GString *audit_arguments; /* as the audit log tells them; NULL: no line is due */
    DbSnapshot *snapshot;
    DispatchDone done;
    void *user;
};

static const char ASYNC_PREFIX[] = "Async.";

static Dispatch *new_dispatch(Core *core, const CoreCaller *caller);
static bool resolve(Dispatch *dispatch, const char *method, Err **err);
static bool take_params(Dispatch *dispatch, const Value *params, Uuid *ret_session,
                        const char **ret_session_text, Err **err);
static bool take_session(Dispatch *dispatch, Uuid session, const char *text, Err **err);
static Value *default_argument(Dispatch *dispatch, const MethodParam *param, Err **err);
static bool check_role(Dispatch *dispatch, Err **err);
static void audit(Dispatch *dispatch, const Err *error);
static bool needs_thread(const Dispatch *dispatch);
static void run_on_thread(void *user);
static void run_async(Dispatch *dispatch, DispatchDone done, void *user);
static void create_task(Dispatch *dispatch);
static void run(Dispatch *dispatch);
static void finish_late(void *user);
static bool invoke(Dispatch *dispatch, Value **ret_result, Err **err);
static bool check_refs(const Dispatch *dispatch, Err **err);
static bool check_record(const Dispatch *dispatch, Err **err);
static void name_cancelled_task(const Call *call, Err **error);
static void finish(Dispatch *dispatch, Value *result, Err *error);

const DbView *call_view(Call *call)
{
    Dispatch *dispatch = (Dispatch *)call;
    DbSnapshot *newest = db_snapshot(call->db);
    if (newest == dispatch->snapshot) {
        db_snapshot_unref(newest);
    } else {
        /* Values read from the one before may still be in use: it dies with the call. */
        arena_own(call->arena, newest, (GDestroyNotify)db_snapshot_unref);
        dispatch->snapshot = newest;
    }
    return db_snapshot_view(dispatch->snapshot);
}

Value *call_answer_long(Call *call, LongResult *result)
{
    g_autoptr(LongResult) own_result = result;
    if (!call->long_result) {
        return long_result_tree(result);
    }
    *call->long_result = g_steal_pointer(&own_result);
    return value_new_void();
}

void call_progress(Call *call, double done)
{
    if (!uuid_is_null(call->task)) {
        tasks_progress(core_tasks(call->core), call->task, done);
    }
}

Dispatch *dispatch_new(Core *core, const CoreCaller *caller, const char *method,
                       const Value *params, Err **err)
{
    g_autoptr(Dispatch) dispatch = new_dispatch(core, caller);
    Uuid session = {{0}};
    const char *session_text = "";
    if (!resolve(dispatch, method, err) ||
        !take_params(dispatch, params, &session, &session_text, err) ||
        !take_session(dispatch, session, session_text, err) ||
        (!dispatch->async && !check_role(dispatch, err))) {
        return NULL;
    }
    return g_steal_pointer(&dispatch);
}

bool dispatch_may_wait(const Dispatch *dispatch)
{
    return !dispatch->async &&
           (needs_thread(dispatch) || (dispatch->call.method->flags & METHOD_PARKING));
}

void dispatch_peer_gone(Dispatch *dispatch)
{
    if (dispatch->call.method->flags & METHOD_PARKING) {
        op_cancel(dispatch->call.op);
    }
}

void dispatch_run(Dispatch *dispatch, DispatchDone done, void *user)
{
    if (dispatch->async) {
        run_async(dispatch, done, user);
        return;
    }
    dispatch->done = done;
    dispatch->user = user;
    if (needs_thread(dispatch)) {
        create_task(dispatch);
        core_run_operation(dispatch->call.core, run_on_thread, dispatch);
    } else {
        run(dispatch);
    }
}

bool dispatch_is_write(const MethodInfo *method)
{
    switch (method->kind) {
    case METHOD_SET_FIELD:
    case METHOD_ADD_TO_MAP:
    case METHOD_REMOVE_FROM_MAP:
    case METHOD_ADD_TO_SET:
    case METHOD_REMOVE_FROM_SET:
        return !method->on_change && method->operation_count == 0;
    case METHOD_EXPLICIT:
    case METHOD_GET_FIELD:
    case METHOD_GET_ALL:
    case METHOD_GET_ALL_RECORDS:
    case METHOD_GET_ALL_RECORDS_WHERE:
    case METHOD_GET_ALL_WHERE:
    case METHOD_GET_RECORD:
    case METHOD_GET_BY_UUID:
    case METHOD_GET_BY_NAME_LABEL:
    case METHOD_CREATE:
    case METHOD_DESTROY:
        break;
    }
    return false;
}

bool dispatch_write_all(Dispatch **writes, unsigned count, Err **err)
{
    g_autofree ImplicitWrite *all = g_new(ImplicitWrite, count + 1);
    for (unsigned i = 0; i < count; i++) {
        g_assert(dispatch_is_write(writes[i]->call.method) && !writes[i]->async);
        all[i] = (ImplicitWrite){&writes[i]->call, writes[i]->args};
    }
    g_autoptr(Err) error = NULL;
    bool ok = count == 0 || implicit_write_all(writes[0]->call.db, all, count, &error);
    for (unsigned i = 0; i < count; i++) {
        audit(writes[i], error);
        dispatch_free(writes[i]);
    }
    return ok || err_propagate(err, g_steal_pointer(&error));
}

void dispatch_free(Dispatch *dispatch)
{
    if (!dispatch) {
        return;
    }
    g_free(dispatch->label);
    if (dispatch->audit_arguments) {
        g_string_free(dispatch->audit_arguments, TRUE);
    }
    op_unref(dispatch->call.op);
    arena_free(dispatch->call.arena); /* arguments and snapshots go with it */
    g_free(dispatch);
}

/* How core_invoke() waits for its answer. */
typedef struct Waiter {
    GMutex mutex;
    GCond cond;
    bool finished;
    Value *result;
    Err *error;
} Waiter;

static void wake_waiter(void *user, const Value *result, const Err *error)
{
    Waiter *waiter = user;
    g_mutex_lock(&waiter->mutex);
    waiter->result = result ? value_ref((Value *)result) : NULL;
    waiter->error = error ? err_copy(error) : NULL;
    waiter->finished = true;
    g_cond_signal(&waiter->cond);
    g_mutex_unlock(&waiter->mutex);
}

Value *core_invoke(Core *core, const CoreCaller *caller, const char *method, Value *params,
                   Err **err)
{
    g_autoptr(Value) own_params = params;
    g_autoptr(Value) all = value_new_array(value_count(params) + 1);
    const MethodInfo *info = method_find(method, strlen(method));
    if (!info || !(info->flags & METHOD_NO_SESSION)) {
        value_array_add(all, value_new_ref(caller->session));
    }
    for (unsigned i = 0; i < value_count(params); i++) {
        value_array_add(all, value_ref(value_at(params, i)));
    }
    Dispatch *dispatch = dispatch_new(core, caller, method, all, err);
    if (!dispatch) {
        return NULL;
    }
    Waiter waiter = {.finished = false};
    g_mutex_init(&waiter.mutex);
    g_cond_init(&waiter.cond);
    dispatch_run(dispatch, wake_waiter, &waiter);
    g_mutex_lock(&waiter.mutex);
    while (!waiter.finished) {
        g_cond_wait(&waiter.cond, &waiter.mutex);
    }
    g_mutex_unlock(&waiter.mutex);
    g_mutex_clear(&waiter.mutex);
    g_cond_clear(&waiter.cond);
    if (waiter.error) {
        err_propagate(err, waiter.error);
    }
    return waiter.result;
}

bool core_run_internal(Core *core, const char *label,
                       bool (*func)(Call *call, void *user, Err **err), void *user, Err **err)
{
    const CoreCaller caller = {.peer = "internal", .originator = ""};
    g_autoptr(Dispatch) dispatch = new_dispatch(core, &caller);
    Call *call = &dispatch->call;
    call->is_local_superuser = true;
    call->user = call->sid = "";
    dispatch->label = g_strdup(label);
    create_task(dispatch);
    tasks_destroy(core_tasks(core), call->task);
    bool ok = func(call, user, err);
    tasks_succeed(core_tasks(core), call->task, NULL);
    return ok;
}

void call_fail_late(Call *call)
{
    ((Dispatch *)call)->fails_late = true;
}

ParkedCall *call_park(Call *call)
{
    return (ParkedCall *)call;
}

Call *parked_call(ParkedCall *parked)
{
    return &((Dispatch *)parked)->call;
}

void parked_finish(ParkedCall *parked, Value *result, Err *error)
{
    finish((Dispatch *)parked, result, error);
}

static Dispatch *new_dispatch(Core *core, const CoreCaller *caller)
{
    Dispatch *dispatch = g_new0(Dispatch, 1);
    Call *call = &dispatch->call;
    call->core = core;
    call->db = core_db(core);
    call->arena = arena_new();
    call->op = op_new_child(caller->op ? caller->op : core_op(core), USEC_NEVER);
    call->peer = arena_strdup(call->arena, caller->peer);
    call->originator = arena_strdup(call->arena, caller->originator);
    call->peer_is_local_root = caller->peer_is_local_root;
    call->long_result = caller->long_result;
    return dispatch;
}

static bool resolve(Dispatch *dispatch, const char *method, Err **err)
{
    const char *name = method;
    if (g_str_has_prefix(name, ASYNC_PREFIX)) {
        dispatch->async = true;
        dispatch->call.long_result =
            NULL; /* the answer is the task, and does not wait for the result */
        name += strlen(ASYNC_PREFIX);
    }
    const MethodInfo *info = method_find(name, strlen(name));
    if (!info) {
        return err_message_method_unknown(err, method);
    }
    if ((info->flags & METHOD_REMOVED) && info->kind == METHOD_EXPLICIT) {
        return err_message_removed(err);
    }
    if (dispatch->async && !(info->flags & METHOD_ASYNC)) {
        g_autofree char *text =
            g_strdup_printf("No async mode for this operation (rpc: %s)", method);
        return err_set(err, "Fault", text);
    }
    dispatch->call.method = info;
    dispatch->label = g_strdup(method);
    return true;
}

static bool take_params(Dispatch *dispatch, const Value *params, Uuid *ret_session,
                        const char **ret_session_text, Err **err)
{
    const MethodInfo *info = dispatch->call.method;
    unsigned first = info->flags & METHOD_NO_SESSION ? 0 : 1;
    unsigned given = value_count(params);
    unsigned received = given > first ? given - first : 0;
    bool has_defaults = info->required_count < info->param_count;
    if (given < first || received < info->required_count ||
        (received > info->param_count && !has_defaults)) {
        g_autofree char *expected_text = g_strdup_printf("%d", info->required_count);
        g_autofree char *received_text = g_strdup_printf("%u", received);
        return err_message_parameter_count_mismatch(err, info->name, expected_text, received_text);
    }
    if (first) {
        Value *session = value_at(params, 0);
        *ret_session_text = value_string(session);
        if (value_kind(session) == VALUE_REF) {
            *ret_session = value_uuid(session);
        } else {
            value_ref_parse(value_string(session), ret_session);
        }
    }
    dispatch->args = arena_new0(dispatch->call.arena, Value *, info->param_count + 1);
    for (unsigned i = 0; i < info->param_count; i++) {
        const MethodParam *param = &info->params[i];
        Value *value = i < received ? type_coerce(db_schema(dispatch->call.db), param->type,
                                                  value_at(params, first + i), param->name, err)
                                    : default_argument(dispatch, param, err);
        if (!value) {
            return false;
        }
        arena_own(dispatch->call.arena, value, (GDestroyNotify)value_unref);
        dispatch->args[i] = value;
    }
    return true;
}

static Value *default_argument(Dispatch *dispatch, const MethodParam *param, Err **err)
{
    if (!param->default_json) {
        return type_empty_value(param->type);
    }
    g_autoptr(Value) parsed = json_parse(param->default_json, strlen(param->default_json), err);
    return parsed ? type_coerce(db_schema(dispatch->call.db), param->type, parsed, param->name, err)
                  : NULL;
}

static bool take_session(Dispatch *dispatch, Uuid session, const char *text, Err **err)
{
    Call *call = &dispatch->call;
    if (call->method->flags & METHOD_NO_SESSION) {
        call->is_local_superuser = true; /* nobody yet: these calls carry their own check */
        call->user = call->sid = "";
        return true;
    }
    SessionInfo info;
    if (!sessions_use(core_sessions(call->core), session, &info)) {
        return err_session_invalid(err, *text ? text : REF_TEXT(session));
    }
    call->session = session;
    call->roles = info.roles;
    call->is_local_superuser = info.is_local_superuser;
    call->is_pool = info.is_pool;
    call->user = arena_strdup(call->arena, info.user);
    call->sid = arena_strdup(call->arena, info.sid);
    if ((call->method->flags & METHOD_POOL_INTERNAL) && !call->is_pool) {
        return err_internal(err, "%s is for the hosts of a pool among themselves",
                            call->method->name);
    }
    return true;
}

static bool check_role(Dispatch *dispatch, Err **err)
{
    Call *call = &dispatch->call;
    if (!(call->method->flags & METHOD_NO_SESSION) && audit_is_wanted(call->method->name)) {
        g_autoptr(DbSnapshot) snapshot = db_snapshot(call->db);
        dispatch->audit_arguments = g_string_new(NULL);
        audit_append_arguments(dispatch->audit_arguments, db_snapshot_view(snapshot), call->method,
                               dispatch->args);
    }
    g_autoptr(Err) error = NULL;
    if (!rbac_check(call, dispatch->args, &error)) {
        audit(dispatch, error);
        return err_propagate(err, g_steal_pointer(&error));
    }
    return true;
}

static void audit(Dispatch *dispatch, const Err *error)
{
    const Call *call = &dispatch->call;
    if (!dispatch->audit_arguments) {
        return;
    }
    const AuditEvent event = {.action = call->method->name,
                              .label = dispatch->label,
                              .task = call->task,
                              .peer = call->peer,
                              .session = call->session,
                              .is_superuser = call->is_local_superuser,
                              .sid = call->sid,
                              .user = call->user,
                              .arguments = dispatch->audit_arguments->str};
    audit_write(core_audit(call->core), &event, error);
    g_string_free(g_steal_pointer(&dispatch->audit_arguments), TRUE);
}

static bool needs_thread(const Dispatch *dispatch)
{
    return dispatch->call.method->flags & METHOD_LONG;
}

/* The answer names a task that the client will look for, after a restart of the daemon too. */
static void run_async(Dispatch *dispatch, DispatchDone done, void *user)
{
    Db *db = dispatch->call.db;
    create_task(dispatch);
    g_autoptr(Value) task = value_new_ref(dispatch->call.task);
    core_run_operation(dispatch->call.core, run_on_thread, dispatch);
    g_autoptr(Err) error = NULL;
    if (db_sync(db, &error)) {
        done(user, task, NULL);
    } else {
        done(user, NULL, error);
    }
}

static void create_task(Dispatch *dispatch)
{
    Call *call = &dispatch->call;
    TaskInfo info = {.label = dispatch->label, .description = "", .session = call->session};
    call->task = tasks_create(core_tasks(call->core), &info, call->op);
}

static void run_on_thread(void *user)
{
    Dispatch *dispatch = user;
    log_set_context(REF_TEXT(dispatch->call.task));
    run(dispatch);
    log_set_context(NULL);
}

static void run(Dispatch *dispatch)
{
    Value *result = NULL;
    Err *error = NULL;
    bool ok = invoke(dispatch, &result, &error);
    bool parked = ok && !result; /* then it may be gone already: somebody else finishes it */
    if (parked) {
        return;
    }
    name_cancelled_task(&dispatch->call, &error);
    if (error && dispatch->fails_late) {
        dispatch->failure = error;
        delays_add(core_delays(dispatch->call.core), finish_late, dispatch);
    } else {
        finish(dispatch, result, error);
    }
}

static void finish_late(void *user)
{
    Dispatch *dispatch = user;
    finish(dispatch, NULL, g_steal_pointer(&dispatch->failure));
}

static bool invoke(Dispatch *dispatch, Value **ret_result, Err **err)
{
    Call *call = &dispatch->call;
    const MethodInfo *info = call->method;
    if (dispatch->async && !check_role(dispatch, err)) {
        return false;
    }
    if (info->kind == METHOD_EXPLICIT && !info->invoke) {
        return err_not_implemented(err, info->name);
    }
    if ((info->kind == METHOD_EXPLICIT && !check_refs(dispatch, err)) ||
        !check_record(dispatch, err)) {
        return false;
    }
    if (!oplock_take(call, dispatch->args, err)) {
        return false;
    }
    if (info->flags & METHOD_PARKING) {
        return info->invoke(call, dispatch->args, ret_result, err);
    }
    bool ok = info->invoke ? info->invoke(call, dispatch->args, ret_result, err)
                           : implicit_run(call, dispatch->args, ret_result, err);
    oplock_release(call, dispatch->args);
    return ok;
}

/* Implementations may rely on every object they are given. */
static bool check_refs(const Dispatch *dispatch, Err **err)
{
    const MethodInfo *method = dispatch->call.method;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(dispatch->call.db);
    const DbView *view = db_snapshot_view(snapshot);
    for (unsigned i = 0; i < method->param_count; i++) {
        const TypeInfo *type = method->params[i].type;
        if (type->kind != TYPE_REF) {
            continue;
        }
        Uuid ref = value_uuid(dispatch->args[i]);
        if (!(method->params[i].may_be_null && uuid_is_null(ref)) &&
            !db_find(view, type->class_id, ref)) {
            return err_handle_invalid(err, db_view_schema(view)->classes[type->class_id].name,
                                      REF_TEXT(ref));
        }
    }
    return true;
}

/* A record among the parameters is what an object will be made of. */
static bool check_record(const Dispatch *dispatch, Err **err)
{
    const MethodInfo *method = dispatch->call.method;
    return method->param_count == 0 || method->params[0].type->kind != TYPE_RECORD ||
           record_check_new(db_schema(dispatch->call.db), method->class_id, dispatch->args[0], err);
}

/* Clients are told which task it was; what noticed the cancel, an Op, does not know. */
static void name_cancelled_task(const Call *call, Err **error)
{
    if (*error && err_is(*error, "TASK_CANCELLED") && !*(*error)->params) {
        err_free(g_steal_pointer(error));
        err_task_cancelled(error, REF_TEXT(call->task));
    }
}

/* Takes over `result` and `error`; exactly one is set. Frees `dispatch`. */
static void finish(Dispatch *dispatch, Value *result, Err *error)
{
    Call *call = &dispatch->call;
    g_autoptr(Value) own_result = result;
    g_autoptr(Err) own_error = error;
    if (error) {
        g_autofree char *text = err_to_string(error);
        bool is_question =
            call->method && (call->method->kind != METHOD_EXPLICIT ||
                             (call->method->flags & (METHOD_PARKING | METHOD_NO_SESSION)) ==
                                 METHOD_PARKING); /* a login is none */
        log_write(is_question ? LOG_DEBUG : LOG_INFO, __FILE__,
                  "%s by '%s' from %s failed: %s (%s:%d)", dispatch->label,
                  call->user ? call->user : "", call->peer, text, error->file, error->line);
    }
    audit(dispatch, error);
    if (!uuid_is_null(call->task)) {
        Tasks *tasks = core_tasks(call->core);
        if (!dispatch->async) {
            tasks_destroy(tasks, call->task);
        }
        if (error) {
            tasks_fail(tasks, call->task, error);
        } else {
            tasks_succeed(tasks, call->task, result);
        }
    }
    if (dispatch->done) {
        dispatch->done(dispatch->user, result, error);
    }
    dispatch_free(dispatch);
}
