/* The queue behind event.next: every change in its order, for the sessions that registered.
 * Not locked; core/event.c holds its lock around every call. */
#pragma once

#include "core/subscription.h"

typedef struct EventQueue EventQueue;

EventQueue *event_queue_new(const DbSchema *schema);
void event_queue_free(EventQueue *queue);

/* Registrations start at the present: no history. `subscription` is borrowed. */
void event_queue_register(EventQueue *queue, Uuid session, const Subscription *subscription);
void event_queue_unregister(EventQueue *queue, Uuid session, const Subscription *subscription);
void event_queue_forget(EventQueue *queue, Uuid session);

/* Keeps the change if some session wants it. */
void event_queue_add(EventQueue *queue, const DbView *view, const DbChange *change);
bool event_queue_wants(const EventQueue *queue, Uuid session, uint16_t class_id, Uuid ref);

/* Whether event_queue_take() may have something for the session. */
bool event_queue_has_news(const EventQueue *queue, Uuid session);

/* What the session has not seen yet, as an array of events; NULL when there is nothing.
 * SESSION_NOT_REGISTERED, EVENTS_LOST. */
bool event_queue_take(EventQueue *queue, Uuid session, Value **ret_events, Err **err);
int64_t event_queue_next_id(const EventQueue *queue);
