/* The envelope of a call.  What an envelope holds is core/dispatch.c's matter; a body that is none
 * at all is an HTTP failure, everything else is answered with status 200. */
#include "front/rpc.h"

#include "front/call_text.h"
#include "wire/jsonrpc.h"
#include "wire/xmlrpc.h"

/* A long answer is sent in parts of this size.  What takes one is memory that was used a moment
 * ago: malloc() would get a larger piece from the system, page by page, and give it back. */
enum { PART_ROOM = 128 * 1024, PART_SIZE = PART_ROOM - 16 * 1024 };

/* One call in flight: where and in which form to answer. */
typedef struct RpcReply {
    HttpExchange *exchange;
    bool is_json;
    JsonRpcRequest json; /* for its version and id */
    LongResult *long_result;
    Writer writer; /* of that */
} RpcReply;

static const char *const XML_HEADERS[] = {"cache-control",
                                          "no-cache, no-store",
                                          "content-type",
                                          "text/xml",
                                          "Access-Control-Allow-Origin",
                                          "*",
                                          "Access-Control-Allow-Headers",
                                          "X-Requested-With",
                                          NULL};
static const char *const JSON_HEADERS[] = {"cache-control",
                                           "no-cache, no-store",
                                           "content-type",
                                           "application/json",
                                           "Access-Control-Allow-Origin",
                                           "*",
                                           "Access-Control-Allow-Headers",
                                           "X-Requested-With",
                                           NULL};

static RpcReply *new_reply(HttpExchange *exchange);
static void start_call(Core *core, RpcReply *reply, const char *method, const Value *params);
static bool answer_system_call(RpcReply *reply, const char *method, const Value *params);
static void send_answer(void *user, const Value *result, const Err *error);
static void send_long_answer(RpcReply *reply);
static void send_next_part(HttpExchange *exchange, void *user);
static void open_result(const RpcReply *reply, GString *out);
static void close_result(const RpcReply *reply, GString *out);
static void append_error(const RpcReply *reply, const Err *error, GString *out);
static const WireForm *form_of(const RpcReply *reply);
static const char *const *headers_of(const RpcReply *reply);
static void reply_free(void *user);
static void peer_gone(void *user);
static Value *list_methods(void);
static void refuse_body(HttpExchange *exchange, Err *error);

void rpc_handle_xml(HttpExchange *exchange, void *user)
{
    size_t length;
    const char *body = http_exchange_body(exchange, &length);
    g_auto(XmlRpcRequest) request = {0};
    Err *error = NULL;
    if (!xmlrpc_parse_request(body, length, &request, &error)) {
        refuse_body(exchange, error);
        return;
    }
    RpcReply *reply = new_reply(exchange);
    start_call(user, reply, request.method, request.params);
}

void rpc_handle_json(HttpExchange *exchange, void *user)
{
    size_t length;
    const char *body = http_exchange_body(exchange, &length);
    JsonRpcRequest request = {.version = 0};
    Err *error = NULL;
    if (!jsonrpc_parse_request(body, length, &request, &error)) {
        refuse_body(exchange, error);
        return;
    }
    RpcReply *reply = new_reply(exchange);
    reply->is_json = true;
    reply->json = request;
    start_call(user, reply, reply->json.method, reply->json.params);
}

void rpc_handle_options(HttpExchange *exchange, void *user)
{
    (void)user;
    const char *asked = http_header(http_exchange_head(exchange), "access-control-request-headers");
    g_autofree char *allowed =
        asked ? g_strdup_printf("%s, X-Requested-With", asked) : g_strdup("X-Requested-With");
    const char *const headers[] = {"Access-Control-Allow-Origin",
                                   "*",
                                   "Access-Control-Allow-Methods",
                                   "PUT",
                                   "Access-Control-Allow-Headers",
                                   allowed,
                                   NULL};
    http_reply(exchange, 200, headers, NULL);
}

static RpcReply *new_reply(HttpExchange *exchange)
{
    RpcReply *reply = g_new0(RpcReply, 1);
    reply->exchange = exchange;
    return reply;
}

static void refuse_body(HttpExchange *exchange, Err *error)
{
    g_autoptr(Err) own_error = error;
    g_autofree char *text = err_to_string(own_error);
    http_reply_error(exchange, 500, text);
}

static void start_call(Core *core, RpcReply *reply, const char *method, const Value *params)
{
    HttpExchange *exchange = reply->exchange;
    if (answer_system_call(reply, method, params)) {
        return;
    }
    const char *agent = http_header(http_exchange_head(exchange), "originator");
    const CoreCaller caller = {.peer = http_exchange_peer(exchange),
                               .originator = agent ? agent : "",
                               .peer_is_local_root = http_exchange_is_local_root(exchange),
                               .long_result = &reply->long_result};
    g_autoptr(Err) error = NULL;
    Dispatch *dispatch = call_text_check(params, &error)
                             ? dispatch_new(core, &caller, method, params, &error)
                             : NULL;
    if (!dispatch) {
        send_answer(reply, NULL, error);
        return;
    }
    if (dispatch_may_wait(dispatch)) {
        http_park(exchange, peer_gone, dispatch);
    }
    dispatch_run(dispatch, send_answer, reply);
}

/* The two calls that belong to no class. */
static bool answer_system_call(RpcReply *reply, const char *method, const Value *params)
{
    static const char ALIVE[] = "system.isAlive:";
    if (g_str_has_prefix(method, ALIVE)) {
        g_autoptr(Value) echo =
            value_count(params) > 0 ? value_ref(value_at(params, 0)) : value_new_void();
        send_answer(reply, echo, NULL);
        return true;
    }
    if (strcmp(method, "system.listMethods") != 0) {
        return false;
    }
    g_autoptr(Value) methods = list_methods();
    if (reply->is_json) {
        send_answer(reply, methods, NULL);
        return true;
    }
    GString *body = g_string_new(NULL);
    xmlrpc_append_bare_result(body, methods);
    http_reply(reply->exchange, 200, XML_HEADERS, body);
    reply_free(reply);
    return true;
}

static void send_answer(void *user, const Value *result, const Err *error)
{
    RpcReply *reply = user;
    if (reply->long_result && !error) {
        send_long_answer(reply);
        return;
    }
    GString *body = g_string_sized_new(512);
    if (error) {
        append_error(reply, error, body);
    } else {
        open_result(reply, body);
        form_of(reply)->append_value(body, result);
        close_result(reply, body);
    }
    http_reply(reply->exchange, 200, headers_of(reply), body);
    reply_free(reply);
}

/* Most long results are not, and are an answer like any other. */
static void send_long_answer(RpcReply *reply)
{
    GString *body = g_string_sized_new(512);
    g_autoptr(GString) end = g_string_new(NULL);
    open_result(reply, body);
    close_result(reply, end);
    writer_init_text(&reply->writer, form_of(reply), body);
    if (long_result_write(reply->long_result, &reply->writer, PART_SIZE)) {
        g_string_append_len(body, end->str, (gssize)end->len);
        http_reply(reply->exchange, 200, headers_of(reply), body);
        reply_free(reply);
        return;
    }
    uint64_t rest = long_result_measure(reply->long_result, &reply->writer);
    if (!http_begin_parts(reply->exchange, headers_of(reply),
                          (int64_t)(body->len + rest + end->len), body, send_next_part, reply_free,
                          reply)) {
        reply_free(reply);
    }
}

static void send_next_part(HttpExchange *exchange, void *user)
{
    RpcReply *reply = user;
    GString *part = g_string_sized_new(PART_ROOM - 1);
    reply->writer.out = part;
    if (long_result_write(reply->long_result, &reply->writer, PART_SIZE)) {
        close_result(reply, part);
        reply_free(reply);
        http_send_last_part(exchange, part);
    } else if (!http_send_part(exchange, part, send_next_part, reply_free, reply)) {
        reply_free(reply);
    }
}

static void open_result(const RpcReply *reply, GString *out)
{
    if (reply->is_json) {
        jsonrpc_open_result(out, &reply->json);
    } else {
        xmlrpc_open_result(out);
    }
}

static void close_result(const RpcReply *reply, GString *out)
{
    if (reply->is_json) {
        jsonrpc_close_result(out, &reply->json);
    } else {
        xmlrpc_close_result(out);
    }
}

static void append_error(const RpcReply *reply, const Err *error, GString *out)
{
    if (reply->is_json) {
        jsonrpc_append_error(out, &reply->json, error);
    } else {
        xmlrpc_append_error(out, error);
    }
}

static const WireForm *form_of(const RpcReply *reply)
{
    return &wire_forms[reply->is_json ? WIRE_JSON : WIRE_XMLRPC];
}

static const char *const *headers_of(const RpcReply *reply)
{
    return reply->is_json ? JSON_HEADERS : XML_HEADERS;
}

static void reply_free(void *user)
{
    RpcReply *reply = user;
    jsonrpc_request_clear(&reply->json);
    long_result_free(reply->long_result);
    g_free(reply);
}

static void peer_gone(void *user)
{
    dispatch_peer_gone(user);
}

static Value *list_methods(void)
{
    Value *names = value_new_array(method_count);
    for (size_t i = 0; i < method_count; i++) {
        if (!(method_table[i].flags & METHOD_REMOVED)) {
            value_array_add(names, value_new_string(method_table[i].name));
        }
    }
    return names;
}
