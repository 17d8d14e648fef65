/* XML-RPC as the XenAPI speaks it (libxml2 SAX2 reads, GString writes).  Pure; fuzzed.
 * Integers travel as bare text, strings without <string>; see the type mapping in
 * docs/internals/rpc.md. */
#pragma once

#include "wire/value.h"

typedef struct XmlRpcRequest {
    char *method;
    Value *params; /* VALUE_ARRAY */
} XmlRpcRequest;

void xmlrpc_request_clear(XmlRpcRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XmlRpcRequest, xmlrpc_request_clear)

/* A methodCall. No entities but the five of XML, no network, depth and count limited. */
bool xmlrpc_parse_request(const char *text, size_t length, XmlRpcRequest *ret_request, Err **err);

/* A single <value> document, as in ova.xml and task.result. (owned) */
Value *xmlrpc_parse_value(const char *text, size_t length, Err **err);

/* Writes <value>...</value>. */
void xmlrpc_append_value(GString *out, const Value *value);
/* What stands in a value that is a text, or in the name of a member. */
void xmlrpc_append_escaped(GString *out, const char *text, size_t length);

/* Whole methodResponse documents with Status/Value or Status/ErrorDescription. */
void xmlrpc_open_result(GString *out); /* the result itself follows, as one value */
void xmlrpc_close_result(GString *out);
void xmlrpc_append_error(GString *out, const Err *error);
/* The one exception: system.listMethods answers without a Status struct. */
void xmlrpc_append_bare_result(GString *out, const Value *result);
