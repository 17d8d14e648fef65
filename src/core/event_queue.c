/* A bounded list of encoded events with running ids, and a position in it for each session. */
#include "core/event_queue.h"

#include "base/op.h"
#include "core/event.h"
#include "core/event_write.h"
#include "gen/errors.h"

typedef struct Registration {
    Uuid session; /* key of the table */
    Subscription *subscription;
    int64_t next_id;
} Registration;

typedef struct QueuedEvent {
    int64_t id;
    uint16_t class_id;
    Uuid ref;
    Value *event;
} QueuedEvent;

struct EventQueue {
    const DbSchema *schema;
    GHashTable *registrations; /* Uuid * -> Registration * */
    GQueue *events;            /* QueuedEvent *, oldest at the head */
    int64_t next_id;
};

static void registration_free(gpointer data);
static void queued_free(gpointer data);
static bool refuse_unregistered(Uuid session, Err **err);
static bool anybody_wants(EventQueue *queue, uint16_t class_id, Uuid ref);
static Value *encode(const EventQueue *queue, const DbView *view, const DbChange *change);

EventQueue *event_queue_new(const DbSchema *schema)
{
    EventQueue *queue = g_new0(EventQueue, 1);
    queue->schema = schema;
    queue->registrations =
        g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, registration_free);
    queue->events = g_queue_new();
    queue->next_id = 1;
    return queue;
}

void event_queue_free(EventQueue *queue)
{
    if (!queue) {
        return;
    }
    g_hash_table_unref(queue->registrations);
    g_queue_free_full(queue->events, queued_free);
    g_free(queue);
}

void event_queue_register(EventQueue *queue, Uuid session, const Subscription *subscription)
{
    Registration *registration = g_hash_table_lookup(queue->registrations, &session);
    if (!registration) {
        registration = g_new0(Registration, 1);
        registration->session = session;
        registration->subscription = subscription_new(queue->schema, NULL, NULL);
        registration->next_id = queue->next_id;
        g_hash_table_insert(queue->registrations, &registration->session, registration);
    }
    subscription_add(registration->subscription, subscription);
}

void event_queue_unregister(EventQueue *queue, Uuid session, const Subscription *subscription)
{
    Registration *registration = g_hash_table_lookup(queue->registrations, &session);
    if (registration) {
        subscription_remove(registration->subscription, subscription);
        registration->next_id = queue->next_id;
    }
}

void event_queue_forget(EventQueue *queue, Uuid session)
{
    g_hash_table_remove(queue->registrations, &session);
    if (g_hash_table_size(queue->registrations) == 0) {
        g_queue_clear_full(queue->events, queued_free);
    }
}

void event_queue_add(EventQueue *queue, const DbView *view, const DbChange *change)
{
    if (!anybody_wants(queue, change->class_id, change->ref)) {
        return;
    }
    QueuedEvent *queued = g_new0(QueuedEvent, 1);
    queued->id = queue->next_id;
    queued->class_id = change->class_id;
    queued->ref = change->ref;
    queued->event = encode(queue, view, change);
    queue->next_id++;
    g_queue_push_tail(queue->events, queued);
    if (g_queue_get_length(queue->events) > EVENT_MAX_QUEUE) {
        queued_free(g_queue_pop_head(queue->events));
    }
}

bool event_queue_wants(const EventQueue *queue, Uuid session, uint16_t class_id, Uuid ref)
{
    Registration *registration = g_hash_table_lookup(queue->registrations, &session);
    return registration && subscription_wants(registration->subscription, class_id, ref);
}

bool event_queue_has_news(const EventQueue *queue, Uuid session)
{
    Registration *registration = g_hash_table_lookup(queue->registrations, &session);
    return !registration || registration->next_id < queue->next_id;
}

bool event_queue_take(EventQueue *queue, Uuid session, Value **ret_events, Err **err)
{
    Registration *registration = g_hash_table_lookup(queue->registrations, &session);
    if (!registration) {
        return refuse_unregistered(session, err);
    }
    QueuedEvent *oldest = g_queue_peek_head(queue->events);
    int64_t oldest_id = oldest ? oldest->id : queue->next_id;
    if (registration->next_id < oldest_id) {
        registration->next_id = queue->next_id;
        return err_events_lost(err);
    }
    g_autoptr(Value) events = value_new_array(0);
    for (GList *link = queue->events->head; link; link = link->next) {
        QueuedEvent *queued = link->data;
        if (queued->id >= registration->next_id &&
            subscription_wants(registration->subscription, queued->class_id, queued->ref)) {
            value_array_add(events, value_ref(queued->event));
        }
    }
    registration->next_id = queue->next_id;
    if (value_count(events) > 0) {
        *ret_events = g_steal_pointer(&events);
    }
    return true;
}

int64_t event_queue_next_id(const EventQueue *queue)
{
    return queue->next_id;
}

static void registration_free(gpointer data)
{
    Registration *registration = data;
    subscription_free(registration->subscription);
    g_free(registration);
}

static void queued_free(gpointer data)
{
    QueuedEvent *queued = data;
    value_unref(queued->event);
    g_free(queued);
}

/* A session's reference is as good as its password, so the error names a sum of it. */
static bool refuse_unregistered(Uuid session, Err **err)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, REF_TEXT(session), -1);
    g_autofree char *track_id = g_strdup_printf("trackid=%s", sum);
    return err_session_not_registered(err, track_id);
}

static bool anybody_wants(EventQueue *queue, uint16_t class_id, Uuid ref)
{
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, queue->registrations);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        if (subscription_wants(((Registration *)value)->subscription, class_id, ref)) {
            return true;
        }
    }
    return false;
}

static Value *encode(const EventQueue *queue, const DbView *view, const DbChange *change)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, queue->next_id);
    g_autofree char *time =
        g_strdup_printf("%" G_GINT64_FORMAT ".", g_get_real_time() / USEC_PER_SEC);
    const EventFacts event = {.id = id,
                              .timestamp = time,
                              .kind = change->kind,
                              .class_id = change->class_id,
                              .ref = change->ref,
                              .object = change->object};
    Writer writer;
    RecordWriter records;
    writer_init_tree(&writer);
    record_writer_init(&records, view);
    event_write(&records, &writer, &event);
    return writer_end(&writer);
}
