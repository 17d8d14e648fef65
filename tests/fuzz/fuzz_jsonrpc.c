/* Any bytes as a request to the server and as an answer to the client. */
#include "fuzz.h"

#include "wire/json.h"
#include "wire/jsonrpc.h"

static void answer(const JsonRpcRequest *request)
{
    g_autoptr(Err) error = NULL;
    err_set(&error, "MESSAGE_METHOD_UNKNOWN", request->method);
    g_autoptr(GString) text = g_string_new(NULL);
    jsonrpc_open_result(text, request);
    json_append(text, request->params);
    jsonrpc_close_result(text, request);
    jsonrpc_append_error(text, request, error);
    g_assert_true(g_utf8_validate(text->str, (gssize)text->len, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Err) request_err = NULL;
    g_auto(JsonRpcRequest) request = {0};
    if (jsonrpc_parse_request((const char *)data, size, &request, &request_err)) {
        g_assert_cmpint(value_kind(request.params), ==, VALUE_ARRAY);
        answer(&request);
    } else {
        g_assert_nonnull(request_err);
    }
    g_autoptr(Err) response_err = NULL;
    g_autoptr(Value) result = jsonrpc_parse_response((const char *)data, size, &response_err);
    g_assert_true((result == NULL) == (response_err != NULL));
    return 0;
}
