/* JSON-RPC 1.0 and 2.0 as the XenAPI speaks them: by position, no batches, no notifications. */
#pragma once

#include "wire/value.h"

typedef struct JsonRpcRequest {
    int version; /* 1 or 2 */
    char *method;
    Value *params; /* VALUE_ARRAY */
    Value *id;     /* string or int, echoed as it came */
} JsonRpcRequest;

void jsonrpc_request_clear(JsonRpcRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsonRpcRequest, jsonrpc_request_clear)

bool jsonrpc_parse_request(const char *text, size_t length, JsonRpcRequest *ret_request, Err **err);
/* What stands around a result, which somebody else appends. */
void jsonrpc_open_result(GString *out, const JsonRpcRequest *request);
void jsonrpc_close_result(GString *out, const JsonRpcRequest *request);
void jsonrpc_append_error(GString *out, const JsonRpcRequest *request, const Err *error);

/* The client's side: a 2.0 request with a numeric id, and its answer.
 * A failure the server reports becomes `err` with its code and parameters. */
void jsonrpc_append_request(GString *out, const char *method, const Value *params, int64_t id);
Value *jsonrpc_parse_response(const char *text, size_t length, Err **err);
