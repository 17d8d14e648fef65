/* Events: what changed in the database, told to clients that wait for it.
 *
 * event.from answers from the objects themselves (each knows the generation of its last change), so
 * nothing is queued for it; event.next needs a queue, which fills only while somebody registered.
 * Calls that wait hold no thread. */
#pragma once

#include "db/store.h"

typedef struct Events Events;
struct ParkedCall;
struct Call;

enum {
    EVENT_MAX_QUEUE = 10000,  /* changes kept for event.next; older ones are lost */
    EVENT_MAX_CLASSES = 1000, /* strings in one subscription */
    EVENT_MAX_PARKED = 10000, /* calls that wait */
};

Events *events_new(Db *db);
/* Answers every waiting call with SESSION_INVALID; none waits from then on. */
void events_stop(Events *events);
void events_free(Events *events); /* stops first */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Events, events_free)

/* event.from: `classes` is a set of "*", "class" or "class/ref". `ret_result` stays NULL when the
 * call was parked. */
bool events_from(Events *events, struct Call *call, const Value *classes, const char *token,
                 double timeout, Value **ret_result, Err **err);

/* event.register, unregister, next, get_current_id of one session. */
bool events_register(Events *events, Uuid session, const Value *classes, Err **err);
bool events_unregister(Events *events, Uuid session, const Value *classes, Err **err);
bool events_next(Events *events, struct Call *call, Value **ret_result, Err **err);
int64_t events_current_id(Events *events);

/* To be called every 30 seconds: tells event.next, and it alone, that the pool changed, though
 * nothing did.  The call has no timeout, and its clients count on hearing something. */
void events_heartbeat(Events *events);

/* The token with which event.from tells everything after `generation`. (owned) */
char *events_token(uint64_t generation);
