/* The way in for handlers.  Sessions and passwords are core/session.c's and core/auth.c's matter.
 */
#include "front/auth.h"

#include "base/text.h"
#include "core/audit.h"
#include "core/rbac.h"
#include "gen/db_session.h"
#include "gen/db_task.h"
#include "gen/errors.h"

typedef enum Verdict { VERDICT_ADMIT, VERDICT_UNKNOWN, VERDICT_DENIED, VERDICT_BAD_SCHEME } Verdict;

enum { BASIC_MAX_LENGTH = 2 * (AUTH_MAX_USER + AUTH_MAX_PASSWORD) };

/* Parameters that mean objects, which the audit log tells. */
static const char *const told[] = {"ref",  "uuid",  "vm_uuid", "vdi",     "base",
                                   "host", "sr_id", "sr_uuid", "task_id", "subtask_of"};

static Verdict admit(FrontCaller *caller, HttpExchange *exchange, Err **err);
static Verdict admit_session(FrontCaller *caller, const char *text);
static Verdict admit_header(FrontCaller *caller, const HttpExchange *exchange, const char *header);
static bool log_in(Core *core, const HttpExchange *exchange, const char *user, const char *password,
                   Uuid *ret_session);
static void refuse(HttpExchange *exchange, Verdict verdict, const HttpAction *action,
                   const Err *error);
static bool take_task(FrontCaller *caller, const HttpHead *head, Op *op, Err **err);
static bool adopt_task(const FrontCaller *caller, Op *op, Err **err);
static Uuid find_pending_task(Core *core, const HttpHead *head);
static void note_arguments(FrontCaller *caller, const HttpHead *head);
static void audit(const FrontCaller *caller, const Err *error);
static void caller_free(FrontCaller *caller);

FrontCaller *front_auth_begin(Core *core, HttpExchange *exchange, HttpActionId action, Op *op)
{
    const HttpHead *head = http_exchange_head(exchange);
    FrontCaller *caller = g_new0(FrontCaller, 1);
    caller->core = core;
    caller->action = &http_action_table[action];
    caller->peer = g_strdup(http_exchange_peer(exchange));
    note_arguments(caller, head);
    g_autoptr(Err) error = NULL;
    Verdict verdict = admit(caller, exchange, &error);
    if (verdict == VERDICT_ADMIT && !take_task(caller, head, op, &error)) {
        verdict = VERDICT_DENIED;
    } else if (verdict != VERDICT_ADMIT) {
        Uuid task = find_pending_task(core, head);
        if (!uuid_is_null(task)) {
            if (!error) {
                err_set(&error, "SESSION_AUTHENTICATION_FAILED");
            }
            tasks_fail(core_tasks(core), task, error);
        }
    }
    if (verdict != VERDICT_ADMIT) {
        if (verdict == VERDICT_DENIED) {
            audit(caller, error);
        }
        refuse(exchange, verdict, caller->action, error);
        caller_free(caller);
        return NULL;
    }
    return caller;
}

bool front_auth_check(const FrontCaller *caller, Permission permission, Err **err)
{
    const PermissionInfo *info = &permission_table[permission];
    return caller->info.is_local_superuser || caller->info.is_pool ||
           (caller->info.roles & info->roles) || rbac_deny(info->name, info->roles, err);
}

void front_auth_end(FrontCaller *caller, const Value *result, const Err *error)
{
    Tasks *tasks = core_tasks(caller->core);
    audit(caller, error);
    if (error) {
        tasks_fail(tasks, caller->task, error);
    } else {
        tasks_succeed(tasks, caller->task, result);
    }
    if (caller->owns_task) {
        tasks_destroy(tasks, caller->task);
    }
    caller_free(caller);
}

char *front_auth_param(const HttpHead *head, const char *name)
{
    char *cookie = http_cookie(head, name);
    return cookie ? cookie : g_strdup(http_query(head, name));
}

bool front_auth_parse_basic(const char *header, char **ret_user, char **ret_password)
{
    static const char SCHEME[] = "Basic ";
    if (g_ascii_strncasecmp(header, SCHEME, strlen(SCHEME)) != 0 ||
        strlen(header) > BASIC_MAX_LENGTH) {
        return false;
    }
    gsize length;
    g_autofree char *decoded = (char *)g_base64_decode(header + strlen(SCHEME), &length);
    g_autofree char *pair = g_strndup(decoded, length);
    char *colon = strchr(pair, ':');
    bool ok = colon && strlen(pair) == length && g_utf8_validate(pair, -1, NULL);
    if (ok) {
        *ret_user = g_strndup(pair, colon - pair);
        *ret_password = g_strdup(colon + 1);
    }
    explicit_bzero(decoded, length);
    explicit_bzero(pair, strlen(pair));
    return ok;
}

const char *front_auth_parse_bearer(const char *header)
{
    static const char SCHEME[] = "Bearer ";
    bool is_bearer = g_ascii_strncasecmp(header, SCHEME, strlen(SCHEME)) == 0;
    return is_bearer ? header + strlen(SCHEME) : NULL;
}

FrontGrant front_auth_grant(Core *core, const HttpExchange *exchange, const char *header,
                            Uuid *ret_session, bool *ret_owns_session)
{
    const char *token = front_auth_parse_bearer(header);
    if (token) {
        *ret_owns_session = false;
        return tokens_session(core_tokens(core), token, ret_session, NULL) ? FRONT_GRANTED
                                                                           : FRONT_UNKNOWN;
    }
    g_autofree char *user = NULL;
    g_autofree char *password = NULL;
    if (!front_auth_parse_basic(header, &user, &password)) {
        return FRONT_BAD_SCHEME;
    }
    bool ok = log_in(core, exchange, user, password, ret_session);
    explicit_bzero(password, strlen(password));
    *ret_owns_session = ok;
    return ok ? FRONT_GRANTED : FRONT_UNKNOWN;
}

static Verdict admit(FrontCaller *caller, HttpExchange *exchange, Err **err)
{
    const HttpHead *head = http_exchange_head(exchange);
    const char *authorization = http_header(head, "Authorization");
    g_autofree char *session = front_auth_param(head, "session_id");
    g_autofree char *pool_secret = http_cookie(head, "pool_secret");
    Verdict verdict = VERDICT_UNKNOWN;
    if (http_exchange_is_local_root(exchange)) {
        caller->info.is_local_superuser = true;
        caller->info.roles = UINT8_MAX;
        g_strlcpy(caller->info.user, "root", sizeof caller->info.user);
        return VERDICT_ADMIT;
    }
    if (session) {
        verdict = admit_session(caller, session);
    } else if (!pool_secret && authorization) { /* a pool of one host has no secret to be known */
        verdict = admit_header(caller, exchange, authorization);
    }
    if (verdict == VERDICT_ADMIT && !front_auth_check(caller, caller->action->permission, err)) {
        verdict = VERDICT_DENIED;
    }
    return verdict;
}

static Verdict admit_session(FrontCaller *caller, const char *text)
{
    Uuid session;
    if (!value_ref_parse(text, &session) ||
        !sessions_use(core_sessions(caller->core), session, &caller->info)) {
        return VERDICT_UNKNOWN;
    }
    caller->session = session;
    return VERDICT_ADMIT;
}

static Verdict admit_header(FrontCaller *caller, const HttpExchange *exchange, const char *header)
{
    switch (
        front_auth_grant(caller->core, exchange, header, &caller->session, &caller->owns_session)) {
    case FRONT_GRANTED:
        return sessions_use(core_sessions(caller->core), caller->session, &caller->info)
                   ? VERDICT_ADMIT
                   : VERDICT_UNKNOWN;
    case FRONT_UNKNOWN:
        return VERDICT_UNKNOWN;
    case FRONT_BAD_SCHEME:
        return VERDICT_BAD_SCHEME;
    }
    g_assert_not_reached();
}

static bool log_in(Core *core, const HttpExchange *exchange, const char *user, const char *password,
                   Uuid *ret_session)
{
    g_autofree char *originator =
        g_strdup_printf("%s using Basic auth", http_exchange_peer(exchange));
    const SessionLogin login = {.user = user, .password = password, .originator = originator};
    return sessions_login(core_sessions(core), core_op(core), &login, ret_session, NULL);
}

static void refuse(HttpExchange *exchange, Verdict verdict, const HttpAction *action,
                   const Err *error)
{
    if (verdict == VERDICT_UNKNOWN) {
        g_autofree char *challenge = g_strdup_printf("Basic realm=\"%s\"", action->label);
        const char *const headers[] = {"cache-control",
                                       "no-cache, no-store",
                                       "WWW-Authenticate",
                                       challenge,
                                       "content-type",
                                       "text/html",
                                       NULL};
        GString *page = g_string_new("<html><body><h1>HTTP 401 unauthorised</h1></body></html>");
        http_reply(exchange, 401, headers, page);
        return;
    }
    g_autofree char *detail = error ? err_to_string(error) : NULL;
    http_reply_error(exchange, verdict == VERDICT_DENIED ? 403 : 500, detail);
}

/* A task of our own goes when it is done; the client's stays until the client destroys it. */
static bool take_task(FrontCaller *caller, const HttpHead *head, Op *op, Err **err)
{
    caller->task = find_pending_task(caller->core, head);
    if (!uuid_is_null(caller->task)) {
        return adopt_task(caller, op, err);
    }
    g_autofree char *parent = front_auth_param(head, "subtask_of");
    TaskInfo info = {.label = caller->action->label, .description = "", .session = caller->session};
    if (parent) {
        value_ref_parse(parent, &info.parent);
    }
    caller->task = tasks_create(core_tasks(caller->core), &info, op);
    caller->owns_task = true;
    return true;
}

/* Who may not end somebody else's task may not work on it either. */
static bool adopt_task(const FrontCaller *caller, Op *op, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(caller->core));
    const DbView *view = db_snapshot_view(snapshot);
    SessionRef creator = db_task_session(view, (TaskRef){caller->task});
    bool is_own = db_session_exists(view, creator) &&
                  text_equal(db_session_auth_user_sid(view, creator), caller->info.sid);
    return (is_own || front_auth_check(caller, PERMISSION_TASK_DESTROY_ANY, err)) &&
           (!op || tasks_adopt(core_tasks(caller->core), caller->task, op, err));
}

/* The null uuid when the request names none, or one that is gone or complete. */
static Uuid find_pending_task(Core *core, const HttpHead *head)
{
    g_autofree char *text = front_auth_param(head, "task_id");
    TaskRef task = {{{0}}};
    if (!text || !value_ref_parse(text, &task.id)) {
        return (Uuid){{0}};
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(core));
    const DbView *view = db_snapshot_view(snapshot);
    bool pending =
        db_task_exists(view, task) && db_task_status(view, task) == TASK_STATUS_TYPE_PENDING;
    return pending ? task.id : (Uuid){{0}};
}

static void note_arguments(FrontCaller *caller, const HttpHead *head)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(caller->core));
    caller->arguments = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autofree char *value = front_auth_param(head, told[i]);
        if (value) {
            audit_append_text(caller->arguments, db_snapshot_view(snapshot), told[i], value);
        }
    }
}

static void audit(const FrontCaller *caller, const Err *error)
{
    const char *permission = permission_table[caller->action->permission].name;
    if (!audit_is_wanted(permission)) {
        return;
    }
    const AuditEvent event = {.action = permission,
                              .label = caller->action->label,
                              .task = caller->task,
                              .peer = caller->peer,
                              .session = caller->session,
                              .is_superuser = caller->info.is_local_superuser,
                              .sid = caller->info.sid,
                              .user = caller->info.user,
                              .arguments = caller->arguments->str};
    audit_write(core_audit(caller->core), &event, error);
}

static void caller_free(FrontCaller *caller)
{
    if (caller->owns_session) {
        sessions_logout(core_sessions(caller->core), caller->session);
    }
    g_string_free(caller->arguments, TRUE);
    g_free(caller->peer);
    g_free(caller);
}
