/* The envelopes of JSON-RPC.  What is in them is json.c's. */
#include "wire/jsonrpc.h"

#include "wire/json.h"

#include <string.h>

/* JSON-RPC 2.0 wants an error number; the XenAPI's own code is the message, the number is this. */
#define JSONRPC_ERROR_CODE 1

static int jsonrpc_read_version(const Value *record, Err **err);
static Value *jsonrpc_read_params(const Value *record, int version, Err **err);
static void jsonrpc_append_string(GString *out, const char *text);
static void jsonrpc_append_strings(GString *out, char *const *texts);
static void jsonrpc_append_id(GString *out, const JsonRpcRequest *request);
static bool jsonrpc_take_error(const Value *error, Err **err);
static void jsonrpc_add_texts(GPtrArray *texts, const Value *values);

void jsonrpc_request_clear(JsonRpcRequest *request)
{
    g_clear_pointer(&request->method, g_free);
    g_clear_pointer(&request->params, value_unref);
    g_clear_pointer(&request->id, value_unref);
}

bool jsonrpc_parse_request(const char *text, size_t length, JsonRpcRequest *ret_request, Err **err)
{
    g_autoptr(Value) record = json_parse(text, length, err);
    if (!record) {
        return false;
    }
    if (value_kind(record) != VALUE_STRUCT) {
        return err_internal(err, "JSON-RPC: a request is one object; batches are not supported");
    }
    int version = jsonrpc_read_version(record, err);
    if (version == 0) {
        return false;
    }
    Value *id = value_get(record, "id");
    if (!id || (value_kind(id) != VALUE_STRING && value_kind(id) != VALUE_INT)) {
        return err_internal(err, "JSON-RPC: a request needs an id, a string or an integer");
    }
    const char *method = value_get_string(record, "method");
    if (!method) {
        return err_internal(err, "JSON-RPC: a request needs a method, a string");
    }
    Value *params = jsonrpc_read_params(record, version, err);
    if (!params) {
        return false;
    }
    *ret_request = (JsonRpcRequest){
        .version = version, .method = g_strdup(method), .params = params, .id = value_ref(id)};
    return true;
}

void jsonrpc_open_result(GString *out, const JsonRpcRequest *request)
{
    g_string_append(out,
                    request->version == 2 ? "{\"jsonrpc\":\"2.0\",\"result\":" : "{\"result\":");
}

void jsonrpc_close_result(GString *out, const JsonRpcRequest *request)
{
    if (request->version == 1) {
        g_string_append(out, ",\"error\":null");
    }
    jsonrpc_append_id(out, request);
}

void jsonrpc_append_error(GString *out, const JsonRpcRequest *request, const Err *error)
{
    if (request->version == 2) {
        g_string_append_printf(
            out, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":%d,\"message\":", JSONRPC_ERROR_CODE);
        jsonrpc_append_string(out, error->code);
        g_string_append(out, ",\"data\":[");
        jsonrpc_append_strings(out, error->params);
        g_string_append(out, "]}");
    } else {
        g_string_append(out, "{\"result\":null,\"error\":[");
        jsonrpc_append_string(out, error->code);
        if (error->params[0]) {
            g_string_append_c(out, ',');
        }
        jsonrpc_append_strings(out, error->params);
        g_string_append_c(out, ']');
    }
    jsonrpc_append_id(out, request);
}

void jsonrpc_append_request(GString *out, const char *method, const Value *params, int64_t id)
{
    g_string_append(out, "{\"jsonrpc\":\"2.0\",\"method\":");
    jsonrpc_append_string(out, method);
    g_string_append(out, ",\"params\":");
    json_append(out, params);
    g_string_append_printf(out, ",\"id\":%" G_GINT64_FORMAT "}", id);
}

Value *jsonrpc_parse_response(const char *text, size_t length, Err **err)
{
    g_autoptr(Value) record = json_parse(text, length, err);
    if (!record) {
        return NULL;
    }
    const Value *error = value_get(record, "error");
    if (error && value_kind(error) != VALUE_NIL) {
        jsonrpc_take_error(error, err);
        return NULL;
    }
    Value *result = value_get(record, "result");
    if (!result) {
        err_internal(err, "JSON-RPC: the server's answer has neither a result nor an error");
        return NULL;
    }
    return value_ref(result);
}

/* 0 when it is none we speak. */
static int jsonrpc_read_version(const Value *record, Err **err)
{
    const Value *version = value_get(record, "jsonrpc");
    if (!version) {
        return 1;
    }
    if (strcmp(value_string(version), "2.0") != 0) {
        err_internal(err, "JSON-RPC: the version must be \"2.0\", or absent, which means 1.0");
        return 0;
    }
    return 2;
}

/* An object is one parameter, a struct: the API has no parameters by name. */
static Value *jsonrpc_read_params(const Value *record, int version, Err **err)
{
    Value *params = value_get(record, "params");
    ValueKind kind = params ? value_kind(params) : VALUE_NIL;
    if (kind == VALUE_ARRAY) {
        return value_ref(params);
    }
    if (version == 2 && kind == VALUE_NIL) {
        return value_new_array(0);
    }
    if (version == 2 && kind == VALUE_STRUCT) {
        Value *array = value_new_array(1);
        value_array_add(array, value_ref(params));
        return array;
    }
    err_internal(err, "JSON-RPC: the params of a %s request must be an array",
                 version == 2 ? "2.0" : "1.0");
    return NULL;
}

static void jsonrpc_append_string(GString *out, const char *text)
{
    g_autoptr(Value) string = value_new_string(text);
    json_append(out, string);
}

static void jsonrpc_append_strings(GString *out, char *const *texts)
{
    for (unsigned i = 0; texts[i]; i++) {
        if (i > 0) {
            g_string_append_c(out, ',');
        }
        jsonrpc_append_string(out, texts[i]);
    }
}

static void jsonrpc_append_id(GString *out, const JsonRpcRequest *request)
{
    g_string_append(out, ",\"id\":");
    json_append(out, request->id);
    g_string_append_c(out, '}');
}

/* 2.0: {code, message, data}, 1.0: [code, parameters...]. */
static bool jsonrpc_take_error(const Value *error, Err **err)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    const char *message = value_get_string(error, "message");
    const Value *data = value_get(error, "data");
    if (message) {
        g_ptr_array_add(texts, g_strdup(message));
    }
    jsonrpc_add_texts(texts, message && data ? data : error);
    if (texts->len == 0) {
        return err_internal(err, "JSON-RPC: the server failed without saying why");
    }
    g_ptr_array_add(texts, NULL);
    const char *const *all = (const char *const *)texts->pdata;
    return err_setv(err, __FILE__, __LINE__, all[0], all + 1);
}

/* The items of an array; parameters that are no strings in their JSON form. */
static void jsonrpc_add_texts(GPtrArray *texts, const Value *values)
{
    for (unsigned i = 0; value_kind(values) == VALUE_ARRAY && i < value_count(values); i++) {
        const Value *item = value_at(values, i);
        if (value_kind(item) == VALUE_STRING) {
            g_ptr_array_add(texts, g_strdup(value_string(item)));
        } else {
            GString *json = g_string_new(NULL);
            json_append(json, item);
            g_ptr_array_add(texts, g_string_free(json, FALSE));
        }
    }
}
