/* HTTP requests whose bytes flow for a while: uploads that are told 200 before their body is read,
 * downloads that are written as they are made.  Each runs on an operation thread of its own. */
#pragma once

#include "front/auth.h"

#define TRANSFER_TO_THE_END INT64_MAX

typedef struct Transfer {
    FrontCaller *caller; /* NULL where nobody had to say who they are */
    Core *core;
    Stream *stream;
    Op *op;
    int64_t
        length; /* of the body that comes in; TRANSFER_TO_THE_END: up to the end of the stream */
} Transfer;

/* Does the transfer: reads what comes in or writes the answer's body. `ret_result` (owned, may stay
 * NULL) is what the task gets. */
typedef bool (*TransferFunc)(Transfer *transfer, void *user, Value **ret_result, Err **err);

/* Takes the connection over, writes the answer's head and runs `func`, then ends the caller with
 * what came of it and closes.  `headers` as in http_reply(); "HTTP/1.1 200 OK" and connection are
 * added. `free_user(user)` runs last.  `op` and `caller` are taken over, and `caller` may be NULL.
 */
typedef struct TransferPlan {
    FrontCaller *caller;
    Core *core;
    Op *op;
    const char *const *headers; /* (borrowed) */
    TransferFunc func;
    void *user;
    GDestroyNotify free_user;
} TransferPlan;
void front_transfer_run(HttpExchange *exchange, const TransferPlan *plan);

/* Reads up to `size` bytes of the body: 0 at its end, -1 with `err`. */
ssize_t front_transfer_read(Transfer *transfer, void *buffer, size_t size, Err **err);
/* Copies the whole body into a file; fails when it is shorter than it said. */
bool front_transfer_receive(Transfer *transfer, int fd, int64_t *ret_length, Err **err);
/* Copies a file out, up to its end. */
bool front_transfer_send(Transfer *transfer, int fd, Err **err);
