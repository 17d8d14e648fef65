/* How a FrontRequest is tied to its connection; for handler.c and request.c only. */
#pragma once

#include "front/request.h"

typedef struct FrontConnection {
    HttpExchange *exchange; /* NULL: the connection is `stream`, or the answer has been given */
    Stream *stream;         /* NULL: the exchange answers */
    HttpHead head;          /* owned; with a stream */
    int64_t unread;         /* bytes of the body, -1: up to the end of the stream */
    bool is_started;        /* an answer has begun */
    bool tells_length;      /* the client sees where it ends */
    FrontCaller *caller;    /* NULL once the task is complete */
    Usec touched;           /* when the session was last kept alive */
    /* where front_request_move() goes on */
    bool (*run)(FrontRequest *request, void *user, Err **err);
    void (*done)(void *user);
    void *user;
} FrontConnection;

/* Completes the task, once. */
void front_connection_complete(FrontRequest *request, const Err *error);
/* An answer that is an error page. */
void front_connection_refuse(FrontRequest *request, int status, const char *detail);
