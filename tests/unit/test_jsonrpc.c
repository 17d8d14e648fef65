/* JSON-RPC: versions, ids and params that are taken or refused; envelopes byte for byte. */
#include "wire/jsonrpc.h"

#include "wire/json.h"

#include <string.h>

static void assert_request(const char *text, int version, const char *params, const char *id)
{
    g_autoptr(Err) err = NULL;
    g_auto(JsonRpcRequest) request = {0};
    g_assert_true(jsonrpc_parse_request(text, strlen(text), &request, &err));
    g_assert_cmpint(request.version, ==, version);
    g_assert_cmpstr(request.method, ==, "VM.start");
    g_autoptr(GString) params_text = g_string_new(NULL);
    json_append(params_text, request.params);
    g_assert_cmpstr(params_text->str, ==, params);
    g_autoptr(GString) id_text = g_string_new(NULL);
    json_append(id_text, request.id);
    g_assert_cmpstr(id_text->str, ==, id);
}

static void test_requests(void)
{
    assert_request("{\"method\":\"VM.start\",\"params\":[1,\"a\"],\"id\":7}", 1, "[1,\"a\"]", "7");
    assert_request("{\"jsonrpc\":\"2.0\",\"method\":\"VM.start\",\"params\":[],\"id\":\"x\"}", 2,
                   "[]", "\"x\"");
    assert_request("{\"jsonrpc\":\"2.0\",\"method\":\"VM.start\",\"id\":\"7\"}", 2, "[]", "\"7\"");
    assert_request("{\"jsonrpc\":\"2.0\",\"method\":\"VM.start\",\"params\":null,\"id\":-1}", 2,
                   "[]", "-1");
    assert_request("{\"id\":0,\"params\":{\"a\":1},\"method\":\"VM.start\",\"jsonrpc\":\"2.0\"}", 2,
                   "[{\"a\":1}]", "0");
    assert_request("{\"method\":\"VM.start\",\"params\":[],\"id\":7,\"extra\":true}", 1, "[]", "7");
}

static void test_bad_requests(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "[{\"method\":\"m\",\"params\":[],\"id\":1}]",
        "1",
        "null",
        "{}",
        "{\"method\":\"m\",\"params\":[]}",
        "{\"method\":\"m\",\"params\":[],\"id\":null}",
        "{\"method\":\"m\",\"params\":[],\"id\":1.5}",
        "{\"method\":\"m\",\"params\":[],\"id\":true}",
        "{\"method\":\"m\",\"params\":[],\"id\":[1]}",
        "{\"params\":[],\"id\":1}",
        "{\"method\":1,\"params\":[],\"id\":1}",
        "{\"method\":null,\"params\":[],\"id\":1}",
        "{\"method\":\"m\",\"id\":1}",
        "{\"method\":\"m\",\"params\":null,\"id\":1}",
        "{\"method\":\"m\",\"params\":{},\"id\":1}",
        "{\"method\":\"m\",\"params\":\"x\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\"x\",\"id\":1}",
        "{\"jsonrpc\":\"1.0\",\"method\":\"m\",\"params\":[],\"id\":1}",
        "{\"jsonrpc\":2.0,\"method\":\"m\",\"params\":[],\"id\":1}",
        "{\"jsonrpc\":null,\"method\":\"m\",\"params\":[],\"id\":1}",
        "{\"method\":\"m\",\"params\":[],\"id\":1}{}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        JsonRpcRequest request = {.version = 42};
        g_assert_false(jsonrpc_parse_request(bad[i], strlen(bad[i]), &request, &err));
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
        g_assert_cmpint(request.version, ==, 42);
        g_assert_null(request.method);
    }
}

static void append_result(GString *out, const JsonRpcRequest *request, const Value *result)
{
    jsonrpc_open_result(out, request);
    json_append(out, result);
    jsonrpc_close_result(out, request);
}

static void test_results(void)
{
    g_autoptr(Value) id = value_new_int(5);
    g_autoptr(Value) text_id = value_new_string("x");
    g_autoptr(GString) out = g_string_new(NULL);
    JsonRpcRequest request = {.version = 1, .id = id};
    append_result(out, &request, value_new_void());
    g_assert_cmpstr(out->str, ==, "{\"result\":\"\",\"error\":null,\"id\":5}");
    g_string_truncate(out, 0);
    request = (JsonRpcRequest){.version = 2, .id = text_id};
    append_result(out, &request, value_new_bool(true));
    g_assert_cmpstr(out->str, ==, "{\"jsonrpc\":\"2.0\",\"result\":true,\"id\":\"x\"}");
}

static void test_errors(void)
{
    g_autoptr(Err) bare = NULL;
    g_autoptr(Err) full = NULL;
    g_autoptr(Value) id = value_new_int(5);
    g_autoptr(GString) out = g_string_new(NULL);
    err_set(&bare, "HOST_STILL_BOOTING");
    err_set(&full, "HANDLE_INVALID", "VM", "a\"b");
    JsonRpcRequest first = {.version = 1, .id = id};
    JsonRpcRequest second = {.version = 2, .id = id};
    jsonrpc_append_error(out, &first, bare);
    g_assert_cmpstr(out->str, ==, "{\"result\":null,\"error\":[\"HOST_STILL_BOOTING\"],\"id\":5}");
    g_string_truncate(out, 0);
    jsonrpc_append_error(out, &first, full);
    g_assert_cmpstr(out->str, ==,
                    "{\"result\":null,\"error\":[\"HANDLE_INVALID\",\"VM\",\"a\\\"b\"],\"id\":5}");
    g_string_truncate(out, 0);
    jsonrpc_append_error(out, &second, bare);
    g_assert_cmpstr(out->str, ==,
                    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":"
                    "\"HOST_STILL_BOOTING\",\"data\":[]},\"id\":5}");
    g_string_truncate(out, 0);
    jsonrpc_append_error(out, &second, full);
    g_assert_cmpstr(out->str, ==,
                    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":\"HANDLE_INVALID\","
                    "\"data\":[\"VM\",\"a\\\"b\"]},\"id\":5}");
}

static void test_client_request(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(Value) params = value_new_array(1);
    value_array_add(params, value_new_string("a"));
    jsonrpc_append_request(out, "VM.start", params, 9);
    g_assert_cmpstr(out->str, ==,
                    "{\"jsonrpc\":\"2.0\",\"method\":\"VM.start\",\"params\":[\"a\"],\"id\":9}");
}

static void assert_response(const char *text, const char *expected)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Value) value = jsonrpc_parse_response(text, strlen(text), &err);
    g_autoptr(GString) json = g_string_new(NULL);
    g_autofree char *error = NULL;
    if (value) {
        json_append(json, value);
    } else {
        error = err_to_string(err);
    }
    g_assert_cmpstr(value ? json->str : error, ==, expected);
}

static void test_client_response(void)
{
    assert_response("{\"jsonrpc\":\"2.0\",\"result\":[1],\"id\":1}", "[1]");
    assert_response("{\"result\":\"\",\"error\":null,\"id\":1}", "\"\"");
    assert_response("{\"result\":null,\"error\":null,\"id\":1}", "null");
    assert_response("{\"error\":{\"code\":1,\"message\":\"A\",\"data\":[\"b\",2]},\"id\":1}",
                    "A: [ b; 2 ]");
    assert_response("{\"error\":{\"code\":1,\"message\":\"A\"},\"id\":1}", "A: [  ]");
    assert_response("{\"error\":{\"code\":1,\"message\":\"A\",\"data\":\"b\"},\"id\":1}",
                    "A: [  ]");
    assert_response("{\"result\":null,\"error\":[\"A\",\"b\"],\"id\":1}", "A: [ b ]");
    assert_response("{\"error\":[],\"id\":1}",
                    "INTERNAL_ERROR: [ JSON-RPC: the server failed without saying why ]");
    assert_response("{\"error\":7,\"id\":1}",
                    "INTERNAL_ERROR: [ JSON-RPC: the server failed without saying why ]");
    assert_response("{\"id\":1}", "INTERNAL_ERROR: [ JSON-RPC: the server's answer has neither a "
                                  "result nor an error ]");
    assert_response("[]", "INTERNAL_ERROR: [ JSON-RPC: the server's answer has neither a result "
                          "nor an error ]");
}

static void test_error_survives_the_wire(void)
{
    g_autoptr(Err) error = NULL;
    g_autoptr(Err) err = NULL;
    err_set(&error, "HANDLE_INVALID", "VM", "x");
    JsonRpcRequest request = {.version = 2, .id = value_new_int(0)};
    g_autoptr(GString) out = g_string_new(NULL);
    jsonrpc_append_error(out, &request, error);
    g_assert_null(jsonrpc_parse_response(out->str, out->len, &err));
    g_assert_cmpstr(err->code, ==, "HANDLE_INVALID");
    g_assert_cmpstrv(err->params, error->params);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jsonrpc/requests", test_requests);
    g_test_add_func("/jsonrpc/requests/bad", test_bad_requests);
    g_test_add_func("/jsonrpc/results", test_results);
    g_test_add_func("/jsonrpc/errors", test_errors);
    g_test_add_func("/jsonrpc/client/request", test_client_request);
    g_test_add_func("/jsonrpc/client/response", test_client_response);
    g_test_add_func("/jsonrpc/client/error", test_error_survives_the_wire);
    return g_test_run();
}
