/* One connection to a QEMU's machine protocol (QMP): commands out, answers and events in.
 *
 * Any thread sends commands and waits for their answers; one thread, the event thread, reads.
 * Events are handed out on that thread in the order they came, and always before an answer that
 * came after them.  The other side is not trusted: what it sends is limited and checked. */
#pragma once

#include "base/op.h"
#include "wire/value.h"

#define QMP_MAX_MESSAGE ((size_t)1024 * 1024) /* bytes of one answer or event */
#define QMP_MAX_COMMAND ((size_t)64 * 1024)   /* bytes of one command */

typedef struct Qmp Qmp;

/* Called on the event thread without a lock held; `data` (borrowed) is NULL when there is none. */
typedef void (*QmpEventFunc)(void *user, const char *event, const Value *data);

/* Takes over the connected socket `fd` and asks for the protocol's command mode, so that
 * commands may follow at once. `name` is for error texts. (owned) */
Qmp *qmp_new(int fd, const char *name, QmpEventFunc on_event, void *user);
void qmp_free(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

/* The socket, for the event thread's poll set. (borrowed) */
int qmp_fd(const Qmp *qmp);

/* Event thread: takes in what has arrived, without waiting. False when the connection is of no
 * use any more: its end, an error, or a message that breaks the protocol. */
bool qmp_read(Qmp *qmp, Err **err);

/* Fails every command that waits and every later one. */
void qmp_shut(Qmp *qmp);

/* Runs `command` with `args` (taken over; NULL for none) and waits for its answer, which a caller
 * that is cancelled gets too, unless QEMU stays silent for long.
 * `ret_answer` (owned) may be NULL. A refusal is INTERNAL_ERROR with QEMU's text. */
bool qmp_call(Qmp *qmp, Op *op, const char *command, Value *args, Value **ret_answer, Err **err);

/* As qmp_call(), with the descriptor `fd` (borrowed) attached. */
bool qmp_call_fd(Qmp *qmp, Op *op, const char *command, Value *args, int fd, Value **ret_answer,
                 Err **err);

/* Sends a command whose answer does not matter; never waits, for the event thread may not. */
void qmp_post(Qmp *qmp, const char *command, Value *args);

/* Whether QEMU answered, and did nothing. */
bool qmp_error_is_refusal(const Err *err);
/* Whether a refusal says that the device named in the command is not there. */
bool qmp_error_is_absent(const Err *err);
