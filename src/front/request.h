/* One request that a handler serves: what was asked, by whom, and the ways to answer. */
#pragma once

#include "front/auth.h"

typedef struct FrontRequest FrontRequest;

struct FrontRequest {
    Core *core;
    const HttpHead *head;
    const FrontCaller *caller; /* NULL for public actions */
    Op *op;        /* cancelled by the task, by the daemon's end, and by a client that goes away */
    Value *result; /* of the task, to be set by the handler (taken over); NULL: an empty one */
    int status;    /* of a refusal, to be set by the handler; 0: what the error tells */
    struct FrontConnection *connection; /* request.c's and handler.c's */
};

enum {
    FRONT_PIECE = 64 * 1024, /* what is sent before the deadline starts anew */
    FRONT_STALL_SECONDS = 60 /* after which a client that takes or sends nothing is given up */
};

/* A parameter, as front_auth_param(). (owned) */
char *front_request_param(const FrontRequest *request, const char *name);

/* The whole answer; `headers` as for http_reply(), beside which pages of any origin are let in;
 * `body` (taken over) may be NULL.  The last thing
 * a handler does: without a stream of its own the task is complete, and cannot fail any more. */
bool front_request_reply(FrontRequest *request, int status, const char *const *headers,
                         GString *body, Err **err);

/* FRONT_STREAM: the head of an answer "200 OK"; then its body, whose end is that of the connection
 * unless `headers` tell a content-length. */
bool front_request_start(FrontRequest *request, const char *const *headers, Err **err);
/* The same as HTTP/1.0, for the answers that XenServer gives so. */
bool front_request_start_http10(FrontRequest *request, const char *const *headers, Err **err);
bool front_request_write(FrontRequest *request, const void *data, size_t length, Err **err);
bool front_request_send_file(FrontRequest *request, int fd, Err **err); /* up to its end */
/* FRONT_STREAM: the request's body: a count, 0 at its end, -1 with `err`.  A client that goes away
 * within the length it told ends the body too: some tell a length they do not know. */
ssize_t front_request_read(FrontRequest *request, void *buffer, size_t size, Err **err);
/* Copies the whole body into a file; fails when it is shorter than the client told. */
bool front_request_receive_file(FrontRequest *request, int fd, int64_t *ret_length, Err **err);

/* Moves a FRONT_HERE request to a thread that has the connection, as for FRONT_STREAM: `run` goes
 * on when the handler has returned true, and then `done(user)` ends what `user` is. */
void front_request_move(FrontRequest *request,
                        bool (*run)(FrontRequest *request, void *user, Err **err),
                        void (*done)(void *user), void *user);

void front_request_progress(FrontRequest *request, double done); /* 0..1 */

/* The HTTP status that tells of an error. */
int front_request_status(const Err *error);
