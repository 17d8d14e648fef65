/* All wait for the same time, so they come due in the order in which they came. */
#include "core/delay.h"

typedef struct Delay {
    Usec due;
    void (*func)(void *user);
    void *user;
} Delay;

struct Delays {
    Usec length;
    GMutex mutex; /* everything below */
    GCond cond;
    GQueue waiting; /* Delay, the oldest first */
    bool stopping;
    GThread *thread; /* NULL until there is something to wait for */
};

static gpointer run(gpointer user);
static Delay *take_due(Delays *delays);

Delays *delays_new(Usec length)
{
    Delays *delays = g_new0(Delays, 1);
    delays->length = length;
    g_mutex_init(&delays->mutex);
    g_cond_init(&delays->cond);
    g_queue_init(&delays->waiting);
    return delays;
}

void delays_stop(Delays *delays)
{
    g_mutex_lock(&delays->mutex);
    delays->stopping = true;
    g_cond_broadcast(&delays->cond);
    GThread *thread = g_steal_pointer(&delays->thread);
    g_mutex_unlock(&delays->mutex);
    if (thread) {
        g_thread_join(thread);
    }
}

void delays_free(Delays *delays)
{
    if (!delays) {
        return;
    }
    delays_stop(delays);
    g_mutex_clear(&delays->mutex);
    g_cond_clear(&delays->cond);
    g_free(delays);
}

void delays_add(Delays *delays, void (*func)(void *user), void *user)
{
    Delay *delay = g_new(Delay, 1);
    *delay = (Delay){op_now() + delays->length, func, user};
    g_mutex_lock(&delays->mutex);
    if (!delays->stopping && !delays->thread) {
        delays->thread = g_thread_try_new("delays", run, delays, NULL);
    }
    bool waits = delays->thread && !delays->stopping && delays->waiting.length < DELAY_MAX_WAITING;
    if (waits) {
        g_queue_push_tail(&delays->waiting, delay);
        g_cond_signal(&delays->cond);
    }
    g_mutex_unlock(&delays->mutex);
    if (!waits) {
        g_free(delay);
        func(user);
    }
}

static gpointer run(gpointer user)
{
    Delays *delays = user;
    Delay *delay;
    while ((delay = take_due(delays))) {
        delay->func(delay->user);
        g_free(delay);
    }
    return NULL;
}

/* Waits for the next that is due; NULL at the end, when none is left. */
static Delay *take_due(Delays *delays)
{
    g_mutex_lock(&delays->mutex);
    for (;;) {
        Delay *first = g_queue_peek_head(&delays->waiting);
        if (delays->stopping || (first && first->due <= op_now())) {
            break;
        }
        if (first) {
            g_cond_wait_until(&delays->cond, &delays->mutex, (gint64)first->due);
        } else {
            g_cond_wait(&delays->cond, &delays->mutex);
        }
    }
    Delay *delay = g_queue_pop_head(&delays->waiting);
    g_mutex_unlock(&delays->mutex);
    return delay;
}
