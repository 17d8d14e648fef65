/* The HTTP handlers that are no RPC: what each is, and what all have in common: who is let in, the
 * task, threads for what takes long, and answers for what is not offered.
 *
 * A handler is a row: the action of the model, the way it runs, a function.  It gets a FrontRequest
 * (front/request.h), answers by it and returns; with false and an error when it could not do what
 * was asked, which is then the answer, unless one has begun, and the failure of the task. */
#pragma once

#include "core/permission.h"
#include "front/request.h"

typedef enum FrontWay {
    FRONT_HERE,   /* at once, on the worker; answers with front_request_reply() */
    FRONT_THREAD, /* may block; a client that goes away cancels it; front_request_reply() too */
    FRONT_STREAM, /* has the connection, for long answers and bodies that are read piece by piece */
} FrontWay;

typedef struct FrontHandler {
    HttpActionId action;
    FrontWay way;
    bool (*run)(FrontRequest *request, Err **err);
    /* Of a public action: whether this request needs a session all the same. NULL: none does. */
    bool (*is_private)(Core *core, const HttpHead *head);
} FrontHandler;

typedef struct FrontHandlers FrontHandlers;

enum {
    FRONT_MAX_THREADS = 64,   /* for handlers that may block; a further request gets a 503 */
    FRONT_PUBLIC_THREADS = 8, /* how many of them for clients that nobody has let in */
};

FrontHandlers *front_handlers_new(Core *core);
/* Waits for those that run; the core has been stopped before. */
void front_handlers_free(FrontHandlers *handlers);

/* Appends the route (an HttpRoute) of a handler. Both live until front_handlers_free(). */
void front_handlers_add(FrontHandlers *handlers, const FrontHandler *handler, GArray *routes);
/* The route of an action that is not offered: whoever may ask is told so. */
void front_handlers_add_missing(FrontHandlers *handlers, HttpActionId action, GArray *routes);
