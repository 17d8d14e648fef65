/* The frame of every request.  What is asked for is the neighbours' matter. */
#include "front/rest/rest_request.h"

#include "front/auth.h"
#include "front/call_text.h"
#include "gen/errors.h"
#include "wire/json.h"

static const char ORIGINATOR[] = "REST";

static bool let_in(RestRequest *request, Err **err);
static bool let_in_by_header(RestRequest *request, const char *header, Err **err);
static bool let_in_by_session(RestRequest *request, const char *text, Err **err);
static bool read_body(RestRequest *request, Err **err);
static bool is_json_type(const char *type);
static CoreCaller caller_of(const RestRequest *request);
static void send(HttpExchange *exchange, int status, const char *type, const Value *body,
                 const RestHeaders *headers);

RestRequest *rest_request_begin(Core *core, HttpExchange *exchange, const RestPath *path)
{
    RestRequest *request = g_new0(RestRequest, 1);
    request->core = core;
    request->exchange = exchange;
    request->path = *path;
    g_autoptr(Err) error = NULL;
    if (!let_in(request, &error) || !read_body(request, &error)) {
        rest_reply_error(request, error);
        return NULL;
    }
    return request;
}

void rest_request_free(RestRequest *request)
{
    if (request->owns_session) {
        sessions_logout(core_sessions(request->core), request->session);
    }
    if (request->work) {
        request->free_work(request->work);
    }
    value_unref(request->body);
    op_unref(request->op);
    g_free(request);
}

bool rest_request_flag(const RestRequest *request, const char *name)
{
    const char *text = http_query(http_exchange_head(request->exchange), name);
    return text && strcmp(text, "true") == 0;
}

Value *rest_request_ask(RestRequest *request, const MethodInfo *method, Value *params, Err **err)
{
    CoreCaller caller = caller_of(request);
    caller.session = request->session;
    return core_invoke(request->core, &caller, method->name, params, err);
}

Dispatch *rest_request_prepare(RestRequest *request, const char *method_name, Value *params,
                               Err **err)
{
    g_autoptr(Value) own_params = params;
    g_autoptr(Value) all = value_new_array(value_count(params) + 1);
    value_array_add(all, value_new_ref(request->session));
    for (unsigned i = 0; i < value_count(params); i++) {
        value_array_add(all, value_ref(value_at(params, i)));
    }
    CoreCaller caller = caller_of(request);
    return dispatch_new(request->core, &caller, method_name, all, err);
}

void rest_request_call(RestRequest *request, const char *method_name, Value *params,
                       DispatchDone done)
{
    g_autoptr(Err) error = NULL;
    Dispatch *dispatch = rest_request_prepare(request, method_name, params, &error);
    if (dispatch) {
        dispatch_run(dispatch, done, request);
    } else {
        done(request, NULL, error);
    }
}

void rest_reply(RestRequest *request, int status, const Value *body, const RestHeaders *headers)
{
    HttpExchange *exchange = request->exchange;
    rest_request_free(request);
    send(exchange, status, "application/json", body, headers);
}

void rest_reply_error(RestRequest *request, const Err *error)
{
    HttpExchange *exchange = request->exchange;
    rest_request_free(request);
    rest_refuse(exchange, error);
}

void rest_reply_no_method(RestRequest *request, const char *allowed)
{
    g_autoptr(Err) error = NULL;
    rest_fail(&error, 405, "this can be asked for with %s", *allowed ? allowed : "nothing");
    rest_reply_error(request, error);
}

void rest_refuse(HttpExchange *exchange, const Err *error)
{
    g_autoptr(Value) problem = rest_problem(error);
    send(exchange, rest_problem_status(error), "application/problem+json", problem, NULL);
}

int rest_problem_status(const Err *error)
{
    int own = rest_failure_status(error);
    const ErrInfo *info = err_info(error->code);
    return own ? own : info ? info->status : 409;
}

Value *rest_problem(const Err *error)
{
    int status = rest_problem_status(error);
    bool is_own = rest_failure_status(error) != 0;
    const char *description = is_own ? error->params[1] : err_description(error->code);
    Value *problem = value_new_struct(5);
    value_struct_add_static(problem, "title", value_new_string(http_reason(status)));
    value_struct_add_static(problem, "status", value_new_int(status));
    if (description) {
        value_struct_add_static(problem, "detail", value_new_string(description));
    }
    if (is_own) {
        return problem;
    }
    Value *params = value_new_array(g_strv_length(error->params));
    for (char **param = error->params; *param; param++) {
        value_array_add(params, value_new_string(*param));
    }
    value_struct_add_static(problem, "code", value_new_string(error->code));
    value_struct_add_static(problem, "params", params);
    return problem;
}

char *rest_etag_of_object(const DbObject *object)
{
    return g_strdup_printf("\"%" G_GINT64_MODIFIER "x\"", db_object_modified(object));
}

bool rest_etag_matches(const HttpHead *head, const char *header, const char *etag)
{
    const char *text = http_header(head, header);
    if (!text) {
        return false;
    }
    g_auto(GStrv) listed = g_strsplit(text, ",", -1);
    for (char **item = listed; *item; item++) {
        const char *one = g_strstrip(*item);
        one +=
            g_str_has_prefix(one, "W/") ? 2 : 0; /* what a cache on the way may have made of it */
        if (strcmp(one, "*") == 0 || strcmp(one, etag) == 0) {
            return true;
        }
    }
    return false;
}

static bool let_in(RestRequest *request, Err **err)
{
    const char *header = http_header(http_exchange_head(request->exchange), "Authorization");
    if (header) {
        return let_in_by_header(request, header, err);
    }
    if (!http_exchange_is_local_root(request->exchange)) {
        return rest_fail(err, 401, "an API token or a password was expected in Authorization");
    }
    const SessionInfo root = {.roles = UINT8_MAX, .is_local_superuser = true, .user = "root"};
    request->session = sessions_open(core_sessions(request->core), &root, ORIGINATOR);
    request->owns_session = true;
    return true;
}

/* A browser sends a password that it remembers with requests of any page; a token it does not. */
static bool let_in_by_header(RestRequest *request, const char *header, Err **err)
{
    const char *bearer = front_auth_parse_bearer(header);
    if (bearer && g_str_has_prefix(bearer, "OpaqueRef:")) {
        return let_in_by_session(request, bearer, err);
    }
    if (!bearer && http_header(http_exchange_head(request->exchange), "Origin")) {
        return rest_fail(err, 403, "a page in a browser logs in by a token, not by a password");
    }
    switch (front_auth_grant(request->core, request->exchange, header, &request->session,
                             &request->owns_session)) {
    case FRONT_GRANTED:
        return true;
    case FRONT_UNKNOWN:
        return err_session_authentication_failed(err, "", "Authentication failure");
    case FRONT_BAD_SCHEME:
        return rest_fail(err, 401, "Authorization has a scheme that is neither Bearer nor Basic");
    }
    g_assert_not_reached();
}

static bool let_in_by_session(RestRequest *request, const char *text, Err **err)
{
    SessionInfo info;
    if (!value_ref_parse(text, &request->session) ||
        !sessions_use(core_sessions(request->core), request->session, &info)) {
        return err_session_invalid(err, text);
    }
    return true;
}

static bool read_body(RestRequest *request, Err **err)
{
    size_t length;
    const char *text = http_exchange_body(request->exchange, &length);
    if (length == 0) {
        request->body = value_new_struct(0);
        return true;
    }
    if (!is_json_type(http_header(http_exchange_head(request->exchange), "Content-Type"))) {
        return rest_fail(err, 415, "the body must be application/json");
    }
    g_autoptr(Err) error = NULL;
    g_autoptr(Value) body = json_parse(text, length, &error);
    if (!body) {
        return rest_fail(err, 400, "%s", error->params[0]);
    }
    if (value_kind(body) != VALUE_STRUCT) {
        return rest_fail(err, 400, "the body must be an object");
    }
    if (!call_text_check(body, err)) {
        return false;
    }
    request->body = g_steal_pointer(&body);
    return true;
}

static bool is_json_type(const char *type)
{
    static const char *const types[] = {"application/json", "application/merge-patch+json", NULL};
    if (!type) {
        return false;
    }
    g_autofree char *bare = g_strndup(type, strcspn(type, ";"));
    g_autofree char *lower = g_ascii_strdown(g_strstrip(bare), -1);
    return g_strv_contains(types, lower);
}

static CoreCaller caller_of(const RestRequest *request)
{
    return (CoreCaller){.peer = http_exchange_peer(request->exchange),
                        .originator = ORIGINATOR,
                        .peer_is_local_root = http_exchange_is_local_root(request->exchange),
                        .op = request->op};
}

static void send(HttpExchange *exchange, int status, const char *type, const Value *body,
                 const RestHeaders *headers)
{
    const char *lines[13];
    unsigned count = 0;
    lines[count++] = "cache-control";
    lines[count++] = "private, no-cache";
    lines[count++] = "access-control-allow-origin";
    lines[count++] = "*";
    if (body) {
        lines[count++] = "content-type";
        lines[count++] = type;
    }
    if (headers && headers->etag) {
        lines[count++] = "etag";
        lines[count++] = headers->etag;
    }
    if (headers && headers->location) {
        lines[count++] = "location";
        lines[count++] = headers->location;
    }
    if (status == 401) {
        lines[count++] = "www-authenticate";
        lines[count++] = "Bearer";
    }
    lines[count] = NULL;
    GString *text = NULL;
    if (body) {
        text = g_string_sized_new(512);
        json_append(text, body);
        g_string_append_c(text, '\n');
    }
    http_reply(exchange, status, lines, text);
}
