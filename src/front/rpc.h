/* XML-RPC and JSON-RPC over HTTP: bodies to calls, answers to bodies. */
#pragma once

#include "core/dispatch.h"
#include "net/server.h"

/* HttpHandlers; `user` is the Core. */
void rpc_handle_xml(HttpExchange *exchange, void *user);
void rpc_handle_json(HttpExchange *exchange, void *user);
/* CORS preflight of both. */
void rpc_handle_options(HttpExchange *exchange, void *user);
