/* One thread serves all calls that wait: commits mark those they concern as due, a little later so
 * that a burst becomes one answer, and the thread answers what is due or has timed out. */
#include "core/event.h"

#include "base/lock.h"
#include "core/dispatch.h"
#include "core/event_batch.h"
#include "core/event_queue.h"
#include "core/subscription.h"
#include "gen/errors.h"
#include "gen/schema.h"

/* How long after a change its waiting calls are answered, so that what belongs together arrives
 * together. Short, for clients measure it as delay. */
#define BATCH_DELAY (2 * USEC_PER_MSEC)

static const double MAX_TIMEOUT_SECONDS = 86400;

typedef struct Waiter {
    Events *events;
    ParkedCall *call;
    unsigned on_cancel;         /* id: its client goes away, or the daemon ends */
    Subscription *subscription; /* event.from; NULL: event.next, by session */
    Uuid session;
    uint64_t generation; /* event.from: everything up to here was looked at */
    Usec deadline;       /* answered by then, with nothing if need be */
    Usec due;            /* looked at then: the deadline, or soon after a change */
    bool session_gone, cancelled;
} Waiter;

struct Events {
    Db *db;
    unsigned watch;
    Lock lock; /* everything below */
    GCond cond;
    GPtrArray *waiters; /* Waiter * */
    EventQueue *queue;  /* for event.next */
    bool stopping;
    GThread *thread;
};

static void on_commit(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count);
static void mark_waiters(Events *events, const DbChange *change, Usec due);
static bool wants(const Waiter *waiter, const DbChange *change);
static gpointer serve(gpointer user);
static GPtrArray *take_due(Events *events, Usec *ret_next);
static void answer(Waiter *waiter);
static bool look(Waiter *waiter, Value **ret_result, Err **ret_error);
static Waiter *waiter_new(Events *events, Call *call);
static bool park_new(Waiter *waiter, Err **err);
static void park(Waiter *waiter);
static void on_cancel(void *user);
static void finish(Waiter *waiter, Value *result, Err *error);
static void waiter_free(Waiter *waiter);

Events *events_new(Db *db)
{
    Events *events = g_new0(Events, 1);
    events->db = db;
    lock_init(&events->lock, LOCK_EVENT);
    g_cond_init(&events->cond);
    events->waiters = g_ptr_array_new();
    events->queue = event_queue_new(db_schema(db));
    events->watch = db_watch(db, on_commit, events);
    events->thread = g_thread_new("events", serve, events);
    return events;
}

void events_stop(Events *events)
{
    if (!events->thread) {
        return;
    }
    db_unwatch(events->db, events->watch);
    lock_acquire(&events->lock);
    events->stopping = true;
    g_cond_signal(&events->cond);
    lock_release(&events->lock);
    g_thread_join(g_steal_pointer(&events->thread));
    for (guint i = 0; i < events->waiters->len; i++) {
        finish(events->waiters->pdata[i], NULL, NULL);
    }
    g_ptr_array_set_size(events->waiters, 0);
}

void events_free(Events *events)
{
    if (!events) {
        return;
    }
    events_stop(events);
    g_ptr_array_unref(events->waiters);
    event_queue_free(events->queue);
    g_cond_clear(&events->cond);
    lock_clear(&events->lock);
    g_free(events);
}

bool events_from(Events *events, Call *call, const Value *classes, const char *token,
                 double timeout, Value **ret_result, Err **err)
{
    uint64_t generation;
    if (!event_token_parse(token, &generation)) {
        return err_event_from_token_parse_failure(err, token);
    }
    g_autoptr(Subscription) subscription = subscription_new(db_schema(events->db), classes, err);
    if (!subscription) {
        return false;
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(events->db);
    g_autoptr(EventBatch) batch = event_batch_new(snapshot, subscription, generation);
    if (event_batch_count(batch) > 0 || timeout <= 0) {
        *ret_result = call_answer_long(call, event_batch_result(g_steal_pointer(&batch)));
        return true;
    }
    Waiter *waiter = waiter_new(events, call);
    waiter->subscription = g_steal_pointer(&subscription);
    waiter->generation = db_view_generation(db_snapshot_view(snapshot));
    waiter->deadline = op_now() + (Usec)(MIN(timeout, MAX_TIMEOUT_SECONDS) * USEC_PER_SEC);
    return park_new(waiter, err);
}

bool events_register(Events *events, Uuid session, const Value *classes, Err **err)
{
    g_autoptr(Subscription) subscription = subscription_new(db_schema(events->db), classes, err);
    if (!subscription) {
        return false;
    }
    LOCK_GUARD(&events->lock);
    event_queue_register(events->queue, session, subscription);
    return true;
}

bool events_unregister(Events *events, Uuid session, const Value *classes, Err **err)
{
    g_autoptr(Subscription) subscription = subscription_new(db_schema(events->db), classes, err);
    if (!subscription) {
        return false;
    }
    LOCK_GUARD(&events->lock);
    event_queue_unregister(events->queue, session, subscription);
    return true;
}

bool events_next(Events *events, Call *call, Value **ret_result, Err **err)
{
    {
        LOCK_GUARD(&events->lock);
        if (!event_queue_take(events->queue, call->session, ret_result, err)) {
            return false;
        }
    }
    if (*ret_result) {
        return true;
    }
    Waiter *waiter = waiter_new(events, call);
    waiter->deadline = USEC_NEVER;
    return park_new(waiter, err);
}

int64_t events_current_id(Events *events)
{
    LOCK_GUARD(&events->lock);
    return event_queue_next_id(events->queue);
}

void events_heartbeat(Events *events)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(events->db);
    const DbView *view = db_snapshot_view(snapshot);
    g_autoptr(GArray) pools = db_refs(view, CLASS_POOL);
    LOCK_GUARD(&events->lock);
    for (guint i = 0; i < pools->len; i++) {
        Uuid pool = g_array_index(pools, Uuid, i);
        const DbChange beat = {.kind = DB_MODIFIED,
                               .class_id = CLASS_POOL,
                               .ref = pool,
                               .object = db_find(view, CLASS_POOL, pool)};
        event_queue_add(events->queue, view, &beat);
        for (guint j = 0; j < events->waiters->len; j++) {
            Waiter *waiter = events->waiters->pdata[j];
            if (!waiter->subscription && wants(waiter, &beat)) {
                waiter->due = op_now();
            }
        }
    }
    g_cond_signal(&events->cond);
}

char *events_token(uint64_t generation)
{
    return event_token_format(generation);
}

static Waiter *waiter_new(Events *events, Call *call)
{
    Waiter *waiter = g_new0(Waiter, 1);
    waiter->events = events;
    waiter->call = call_park(call);
    waiter->session = call->session;
    return waiter;
}

/* Takes `waiter` over: from now on the thread answers it. */
static bool park_new(Waiter *waiter, Err **err)
{
    Events *events = waiter->events;
    Op *op = parked_call(waiter->call)->op;
    waiter->on_cancel = op_on_cancel(op, on_cancel, waiter);
    {
        LOCK_GUARD(&events->lock);
        if (events->waiters->len < EVENT_MAX_PARKED && !events->stopping) {
            park(waiter);
            return true;
        }
    }
    op_remove_on_cancel(op, waiter->on_cancel);
    waiter_free(waiter);
    return op_check(op, err) &&
           err_internal(err, "more than %d event calls wait already", EVENT_MAX_PARKED);
}

/* Puts a waiter on the list; the lock is held.  What happened since it last looked, and was told
 * before the lock was ours, makes it due soon. */
static void park(Waiter *waiter)
{
    Events *events = waiter->events;
    g_autoptr(DbSnapshot) newest = db_snapshot(events->db);
    const DbView *view = db_snapshot_view(newest);
    waiter->session_gone = !db_find(view, CLASS_SESSION, waiter->session);
    bool missed = waiter->subscription ? db_view_generation(view) != waiter->generation
                                       : event_queue_has_news(events->queue, waiter->session);
    bool is_due = missed || waiter->session_gone || waiter->cancelled;
    waiter->due = is_due ? MIN(op_now() + BATCH_DELAY, waiter->deadline) : waiter->deadline;
    g_ptr_array_add(events->waiters, waiter);
    g_cond_signal(&events->cond);
}

/* The waiter may be on the list, or with the thread that looks at it. */
static void on_cancel(void *user)
{
    Waiter *waiter = user;
    Events *events = waiter->events;
    LOCK_GUARD(&events->lock);
    waiter->cancelled = true;
    waiter->due = op_now();
    g_cond_signal(&events->cond);
}

static void on_commit(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count)
{
    Events *events = user;
    Usec due = op_now() + BATCH_DELAY;
    LOCK_GUARD(&events->lock);
    for (unsigned i = 0; i < count; i++) {
        event_queue_add(events->queue, db_snapshot_view(snapshot), &changes[i]);
        mark_waiters(events, &changes[i], due);
    }
    g_cond_signal(&events->cond);
}

static void mark_waiters(Events *events, const DbChange *change, Usec due)
{
    bool session_gone = change->class_id == CLASS_SESSION && change->kind == DB_DELETED;
    if (session_gone) {
        event_queue_forget(events->queue, change->ref);
    }
    for (guint i = 0; i < events->waiters->len; i++) {
        Waiter *waiter = events->waiters->pdata[i];
        if (session_gone && uuid_equal(waiter->session, change->ref)) {
            waiter->session_gone = true;
        }
        if (waiter->session_gone || wants(waiter, change)) {
            waiter->due = MIN(waiter->due, due);
        }
    }
}

static bool wants(const Waiter *waiter, const DbChange *change)
{
    return waiter->subscription
               ? subscription_wants(waiter->subscription, change->class_id, change->ref)
               : event_queue_wants(waiter->events->queue, waiter->session, change->class_id,
                                   change->ref);
}

static gpointer serve(gpointer user)
{
    Events *events = user;
    lock_acquire(&events->lock);
    while (!events->stopping) {
        Usec next = USEC_NEVER;
        g_autoptr(GPtrArray) due = take_due(events, &next);
        if (due->len == 0 && next == USEC_NEVER) {
            g_cond_wait(&events->cond, &events->lock.mutex);
        } else if (due->len == 0) {
            g_cond_wait_until(&events->cond, &events->lock.mutex, next);
        } else {
            lock_release(&events->lock);
            for (guint i = 0; i < due->len; i++) {
                answer(due->pdata[i]);
            }
            lock_acquire(&events->lock);
        }
    }
    lock_release(&events->lock);
    return NULL;
}

/* Removes what is due from the list; `ret_next` is when the next one will be. */
static GPtrArray *take_due(Events *events, Usec *ret_next)
{
    Usec now = op_now();
    GPtrArray *due = g_ptr_array_new();
    for (guint i = 0; i < events->waiters->len;) {
        Waiter *waiter = events->waiters->pdata[i];
        if (waiter->due <= now) {
            g_ptr_array_add(due, waiter);
            g_ptr_array_remove_index_fast(events->waiters, i);
        } else {
            *ret_next = MIN(*ret_next, waiter->due);
            i++;
        }
    }
    return due;
}

/* Answers a waiter, or puts it back when what changed was not for it. */
static void answer(Waiter *waiter)
{
    Events *events = waiter->events;
    Value *result = NULL;
    Err *error = NULL;
    if (!look(waiter, &result, &error)) {
        LOCK_GUARD(&events->lock);
        if (!events->stopping) {
            park(waiter);
            return;
        }
    }
    finish(waiter, result, error);
}

/* Whether the waiter has its answer. With neither result nor error its session is gone, or nobody
 * listens any more. */
static bool look(Waiter *waiter, Value **ret_result, Err **ret_error)
{
    Events *events = waiter->events;
    if (!waiter->subscription) {
        LOCK_GUARD(&events->lock);
        return waiter->session_gone || waiter->cancelled ||
               !event_queue_take(events->queue, waiter->session, ret_result, ret_error) ||
               *ret_result;
    }
    {
        LOCK_GUARD(&events->lock);
        if (waiter->session_gone || waiter->cancelled) {
            return true;
        }
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(events->db);
    g_autoptr(EventBatch) batch =
        event_batch_new(snapshot, waiter->subscription, waiter->generation);
    waiter->generation = db_view_generation(db_snapshot_view(snapshot));
    bool is_answered = event_batch_count(batch) > 0 || op_now() >= waiter->deadline;
    if (is_answered) {
        *ret_result = call_answer_long(parked_call(waiter->call),
                                       event_batch_result(g_steal_pointer(&batch)));
    }
    return is_answered;
}

/* Both (taken over); with neither set the answer is SESSION_INVALID. No lock is held. */
static void finish(Waiter *waiter, Value *result, Err *error)
{
    if (!result && !error) {
        err_session_invalid(&error, REF_TEXT(waiter->session));
    }
    op_remove_on_cancel(parked_call(waiter->call)->op, waiter->on_cancel);
    parked_finish(waiter->call, result, error);
    waiter_free(waiter);
}

static void waiter_free(Waiter *waiter)
{
    subscription_free(waiter->subscription);
    g_free(waiter);
}
