/* One request to the REST face: who makes it, the calls it becomes, and its one answer. */
#pragma once

#include "core/dispatch.h"
#include "front/rest/rest_path.h"
#include "front/rest/rest_value.h"
#include "net/server.h"

typedef struct RestRequest {
    Core *core;
    HttpExchange *exchange;
    RestPath path;
    Uuid session;
    bool owns_session; /* it was made for this request */
    Value *body;       /* (owned) a struct, empty when nothing was sent */
    Op *op;            /* (owned) parent of the calls' own; NULL: the core's */
    Uuid self;         /* reference of the object that the path names */
    void *work;        /* (owned) what a request of several calls keeps */
    GDestroyNotify free_work;
} RestRequest;

/* Lets the caller in and reads the body.  NULL when the exchange has been answered. */
RestRequest *rest_request_begin(Core *core, HttpExchange *exchange, const RestPath *path);
void rest_request_free(RestRequest *request);

/* Whether a parameter of the query says true. */
bool rest_request_flag(const RestRequest *request, const char *name);

/* A call that does not wait, done here and now.  `params` (taken over) come without the session.
 * (owned) */
Value *rest_request_ask(RestRequest *request, const MethodInfo *method, Value *params, Err **err);
/* A call that is checked and not yet run. `params` (taken over) come without the session. */
Dispatch *rest_request_prepare(RestRequest *request, const char *method_name, Value *params,
                               Err **err);
/* A call that may wait; the exchange is parked.  `done` runs once, on any thread. */
void rest_request_call(RestRequest *request, const char *method_name, Value *params,
                       DispatchDone done);

/* The answers. Each frees the request, and none waits. */
typedef struct RestHeaders {
    const char *etag, *location; /* NULL: none */
} RestHeaders;
void rest_reply(RestRequest *request, int status, const Value *body /* NULL: none */,
                const RestHeaders *headers /* NULL: none */);
void rest_reply_error(RestRequest *request, const Err *error);
/* With the methods that there are for the path. */
void rest_reply_no_method(RestRequest *request, const char *allowed);

/* An answer to a request that nobody had to log in for. */
void rest_refuse(HttpExchange *exchange, const Err *error);

/* What a failure looks like to clients: the members of RFC 9457 with the code and its parameters.
 * (owned) */
Value *rest_problem(const Err *error);
int rest_problem_status(const Err *error);

/* Versions. (owned) */
char *rest_etag_of_object(const DbObject *object);
/* Whether a header lists `etag`, or "*"; false when the header is absent. */
bool rest_etag_matches(const HttpHead *head, const char *header, const char *etag);
