/* From a method and a path to what is asked for. */
#include "front/rest/rest.h"

#include "front/rest/rest_document.h"
#include "front/rest/rest_handlers.h"
#include "wire/json.h"
#include "wire/limits.h"

static void handle(HttpExchange *exchange, void *user);
static void handle_options(HttpExchange *exchange, void *user);
static bool answer_openly(Core *core, HttpExchange *exchange, const RestPath *path);
static void answer_index(Core *core, HttpExchange *exchange);
static void answer_document(HttpExchange *exchange);
static bool find_self(RestRequest *request, Err **err);
static void run(RestRequest *request, const char *method);

void front_rest_routes(Core *core, HttpRoute ret_routes[FRONT_REST_ROUTES])
{
    static const char *const methods[FRONT_REST_ROUTES] = {"GET",   "HEAD",   "POST",
                                                           "PATCH", "DELETE", "OPTIONS"};
    for (unsigned i = 0; i < FRONT_REST_ROUTES; i++) {
        bool is_options = g_str_equal(methods[i], "OPTIONS");
        ret_routes[i] = (HttpRoute){.method = methods[i],
                                    .path = "/rest",
                                    .body = HTTP_BODY_BUFFERED,
                                    .body_limit = WIRE_MAX_RPC_BODY,
                                    .handler = is_options ? handle_options : handle,
                                    .user = core,
                                    .by_http_rules = true};
    }
}

static void handle(HttpExchange *exchange, void *user)
{
    Core *core = user;
    RestPath path;
    g_autoptr(Err) error = NULL;
    const HttpHead *head = http_exchange_head(exchange);
    if (!rest_path_parse(db_schema(core_db(core)), head->path, &path)) {
        rest_fail(&error, 404, "there is nothing at this path");
        rest_refuse(exchange, error);
        return;
    }
    if (answer_openly(core, exchange, &path)) {
        return;
    }
    RestRequest *request = rest_request_begin(core, exchange, &path);
    if (!request) {
        return;
    }
    if (!find_self(request, &error)) {
        rest_reply_error(request, error);
        return;
    }
    run(request, g_str_equal(head->method, "HEAD") ? "GET" : head->method);
}

/* For pages of other origins; what they may do is for their token to say. */
static void handle_options(HttpExchange *exchange, void *user)
{
    (void)user;
    static const char *const headers[] = {
        "access-control-allow-origin",
        "*",
        "access-control-allow-methods",
        "GET, HEAD, POST, PATCH, DELETE",
        "access-control-allow-headers",
        "authorization, content-type, if-match, if-none-match, last-event-id",
        "access-control-expose-headers",
        "etag, location",
        "access-control-max-age",
        "600",
        NULL};
    http_reply(exchange, 204, headers, NULL);
}

/* What holds no secret of this host is there without a login. */
static bool answer_openly(Core *core, HttpExchange *exchange, const RestPath *path)
{
    bool is_get = !g_str_equal(http_exchange_head(exchange)->method, "POST") &&
                  !g_str_equal(http_exchange_head(exchange)->method, "PATCH") &&
                  !g_str_equal(http_exchange_head(exchange)->method, "DELETE");
    if (path->kind == REST_INDEX && is_get) {
        answer_index(core, exchange);
        return true;
    }
    if (path->kind == REST_DOCUMENT && is_get) {
        answer_document(exchange);
        return true;
    }
    return false;
}

static void answer_index(Core *core, HttpExchange *exchange)
{
    const DbSchema *schema = db_schema(core_db(core));
    static const char *const headers[] = {"content-type", "application/json",
                                          "access-control-allow-origin", "*", NULL};
    g_autoptr(Value) index = value_new_struct(3);
    Value *classes = value_new_array(schema->class_count);
    for (uint16_t i = 0; i < schema->class_count; i++) {
        if (rest_method(schema, i, "get_record")) {
            value_array_add(classes, value_new_string(schema->classes[i].name));
        }
    }
    value_struct_add_static(index, "document", value_new_string("/rest/v1/openapi.json"));
    value_struct_add_static(index, "events", value_new_string("/rest/v1/events"));
    value_struct_add_static(index, "classes", classes);
    GString *text = g_string_new(NULL);
    json_append(text, index);
    g_string_append_c(text, '\n');
    http_reply(exchange, 200, headers, text);
}

static void answer_document(HttpExchange *exchange)
{
    const char *const headers[] = {"content-type",
                                   "application/json",
                                   "cache-control",
                                   "no-cache",
                                   "etag",
                                   rest_document_etag,
                                   "access-control-allow-origin",
                                   "*",
                                   NULL};
    bool is_known =
        rest_etag_matches(http_exchange_head(exchange), "If-None-Match", rest_document_etag);
    http_reply(exchange, is_known ? 304 : 200, headers,
               is_known ? NULL : g_string_new_len(rest_document, (gssize)rest_document_length));
}

static bool find_self(RestRequest *request, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    return !*request->path.id || rest_id_find(db_snapshot_view(snapshot), request->path.class_id,
                                              request->path.id, &request->self, err);
}

static void run(RestRequest *request, const char *method)
{
    static const struct {
        RestKind kind;
        const char *method;
        void (*run)(RestRequest *request);
    } table[] = {
        {REST_CLASS, "GET", rest_list},       {REST_CLASS, "POST", rest_create},
        {REST_OBJECT, "GET", rest_get},       {REST_OBJECT, "PATCH", rest_patch},
        {REST_OBJECT, "DELETE", rest_delete}, {REST_ACTION, "POST", rest_act},
        {REST_EVENTS, "GET", rest_follow},
    };
    g_autoptr(GString) others = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (table[i].kind != request->path.kind) {
            continue;
        }
        if (g_str_equal(table[i].method, method)) {
            table[i].run(request);
            return;
        }
        g_string_append_printf(others, "%s%s", others->len ? ", " : "", table[i].method);
    }
    rest_reply_no_method(request, others->str);
}
