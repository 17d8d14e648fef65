/* The way in for handlers.  Sessions and passwords are core/session.c's and core/auth.c's matter.
 */
#include "front/auth.h"

#include "base/text.h"
#include "core/rbac.h"
#include "gen/db_task.h"
#include "gen/errors.h"
#include "ops/platform.h"

typedef enum Verdict { VERDICT_ADMIT, VERDICT_UNKNOWN, VERDICT_DENIED, VERDICT_BAD_SCHEME } Verdict;

enum { BASIC_MAX_LENGTH = 2 * (AUTH_MAX_USER + AUTH_MAX_PASSWORD) };

static Verdict admit(FrontCaller *caller, HttpExchange *exchange, const FrontAction *action,
                     Err **err);
static Verdict admit_session(FrontCaller *caller, const char *text);
static Verdict admit_header(FrontCaller *caller, const HttpExchange *exchange, const char *header);
static bool log_in(Core *core, const HttpExchange *exchange, const char *user, const char *password,
                   Uuid *ret_session);
static void refuse(HttpExchange *exchange, Verdict verdict, const FrontAction *action,
                   const Err *error);
static void take_task(FrontCaller *caller, const HttpHead *head, const FrontAction *action, Op *op);
static Uuid find_pending_task(Core *core, const HttpHead *head);
static void drop_session(const FrontCaller *caller);

FrontCaller *front_auth_begin(Core *core, HttpExchange *exchange, const FrontAction *action, Op *op)
{
    FrontCaller caller = {.core = core};
    const HttpHead *head = http_exchange_head(exchange);
    g_autoptr(Err) error = NULL;
    Verdict verdict = admit(&caller, exchange, action, &error);
    if (verdict != VERDICT_ADMIT) {
        Uuid task = find_pending_task(core, head);
        if (!uuid_is_null(task)) {
            if (!error) {
                err_set(&error, "SESSION_AUTHENTICATION_FAILED");
            }
            tasks_fail(core_tasks(core), task, error);
        }
        drop_session(&caller);
        refuse(exchange, verdict, action, error);
        return NULL;
    }
    take_task(&caller, head, action, op);
    return g_memdup2(&caller, sizeof caller);
}

bool front_auth_check(const FrontCaller *caller, const char *permission, Role least, Err **err)
{
    uint8_t roles = front_auth_roles(least);
    if (caller->info.is_local_superuser || caller->info.is_pool || (caller->info.roles & roles)) {
        return true;
    }
    g_autofree char *list = rbac_role_list(roles);
    g_autofree char *text =
        g_strdup_printf("No permission in user session. (Roles with this permission: %s)", list);
    return err_rbac_permission_denied(err, permission, text);
}

void front_auth_end(FrontCaller *caller, const Value *result, const Err *error)
{
    Tasks *tasks = core_tasks(caller->core);
    if (error) {
        tasks_fail(tasks, caller->task, error);
    } else {
        tasks_succeed(tasks, caller->task, result);
    }
    if (caller->owns_task) {
        tasks_destroy(tasks, caller->task);
    }
    drop_session(caller);
    g_free(caller);
}

char *front_auth_param(const HttpHead *head, const char *name)
{
    char *cookie = http_cookie(head, name);
    return cookie ? cookie : g_strdup(http_query(head, name));
}

uint8_t front_auth_roles(Role least)
{
    uint8_t roles = (1u << (least + 1)) - 1;
    return least == ROLE_READ_ONLY ? roles : roles & ~(1u << ROLE_CLIENT_CERT);
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

static Verdict admit(FrontCaller *caller, HttpExchange *exchange, const FrontAction *action,
                     Err **err)
{
    const HttpHead *head = http_exchange_head(exchange);
    const char *authorization = http_header(head, "Authorization");
    g_autofree char *session = front_auth_param(head, "session_id");
    g_autofree char *pool_secret = http_cookie(head, "pool_secret");
    Verdict verdict = VERDICT_UNKNOWN;
    if (http_exchange_is_local_root(exchange)) {
        caller->info.is_local_superuser = true;
        caller->info.roles = UINT8_MAX;
        return VERDICT_ADMIT;
    }
    if (session) {
        verdict = admit_session(caller, session);
    } else if (!pool_secret && authorization) { /* a pool of one host has no secret to be known */
        verdict = admit_header(caller, exchange, authorization);
    }
    g_autofree char *permission = g_strdup_printf("http/%s", action->name);
    if (verdict == VERDICT_ADMIT && !front_auth_check(caller, permission, action->least, err)) {
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

static void refuse(HttpExchange *exchange, Verdict verdict, const FrontAction *action,
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
static void take_task(FrontCaller *caller, const HttpHead *head, const FrontAction *action, Op *op)
{
    caller->task = find_pending_task(caller->core, head);
    if (!uuid_is_null(caller->task)) {
        return;
    }
    g_autofree char *parent = front_auth_param(head, "subtask_of");
    TaskInfo info = {.label = action->label, .description = "", .session = caller->session};
    if (parent) {
        value_ref_parse(parent, &info.parent);
    }
    caller->task = tasks_create(core_tasks(caller->core), &info, op);
    caller->owns_task = true;
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

static void drop_session(const FrontCaller *caller)
{
    if (caller->owns_session) {
        sessions_logout(core_sessions(caller->core), caller->session);
    }
}
