/* The poller: one epoll descriptor, one thread, queues of deadlines.
 * What the events mean is the business of connection.c, listener.c and relay.c.
 *
 * Everything is one-shot: after an event epoll says nothing more of a descriptor until it is
 * armed again.  An event that was fetched before a thread disarmed its item finds it not armed,
 * or armed for something else, and is dropped; armed anew for the same, it causes a call for
 * nothing.  Retired items are freed at the end of the round, when no fetched event can point to
 * them. */
#include "net/poller.h"

#include "base/fd.h"
#include "base/lock.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define BATCH        64 /* events fetched at once */
#define POLLER_AWAKE 0  /* before every deadline: nobody needs to wake the thread */

struct Poller {
    int epoll_fd;
    int wake_fd; /* eventfd; readable: look at the deadlines or at `stopping` again */
    GThread *thread;
    gint stopping;
    unsigned timer_count;
    Usec durations[POLLER_MAX_TIMERS];

    Lock lock; /* LOCK_NET_SERVER, over what follows and the items' queueing */
    GQueue queues[POLLER_MAX_TIMERS]; /* PollerItem, the earliest deadline first */
    Usec wake_at;                     /* until when the thread sleeps, or POLLER_AWAKE */
    bool stopped;
    GSList *retired; /* PollerItem */
};

static void *poller_thread(void *user);
static int begin_sleep(Poller *poller);
static void end_sleep(Poller *poller);
static void handle_event(Poller *poller, const struct epoll_event *event);
static bool take_ready(Poller *poller, PollerItem *item, uint32_t events);
static void expire(Poller *poller);
static void free_retired(Poller *poller);
static void hand_out_all(Poller *poller);
static PollerItem *take_first(Poller *poller, int timer, Usec now);
static void enqueue(Poller *poller, PollerItem *item, int timer);
static void dequeue(Poller *poller, PollerItem *item);
static void unregister(Poller *poller, PollerItem *item);
static void wake(Poller *poller);

Poller *poller_new(const Usec *durations, unsigned count, Err **err)
{
    g_assert(count <= POLLER_MAX_TIMERS);
    g_autoptr(Poller) poller = g_new0(Poller, 1);
    lock_init(&poller->lock, LOCK_NET_SERVER);
    poller->timer_count = count;
    for (unsigned i = 0; i < count; i++) {
        poller->durations[i] = i == POLLER_NO_TIMER ? USEC_NEVER : durations[i];
        g_queue_init(&poller->queues[i]);
    }
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    poller->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    if (poller->epoll_fd < 0 || poller->wake_fd < 0 ||
        epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, poller->wake_fd, &event) != 0) {
        err_errno(err, errno, "cannot set up polling");
        return NULL;
    }
    return g_steal_pointer(&poller);
}

bool poller_start(Poller *poller, Err **err)
{
    poller->thread = g_thread_try_new("net-poller", poller_thread, poller, NULL);
    return poller->thread || err_internal(err, "cannot start a thread for polling");
}

void poller_stop(Poller *poller)
{
    g_atomic_int_set(&poller->stopping, 1);
    wake(poller);
    if (poller->thread) {
        g_thread_join(g_steal_pointer(&poller->thread));
    }
    hand_out_all(poller);
}

void poller_free(Poller *poller)
{
    if (!poller) {
        return;
    }
    free_retired(poller);
    fd_close(&poller->epoll_fd);
    fd_close(&poller->wake_fd);
    lock_clear(&poller->lock);
    g_free(poller);
}

bool poller_arm(Poller *poller, PollerItem *item, uint32_t events, int timer)
{
    LOCK_GUARD(&poller->lock);
    if (poller->stopped) {
        return false;
    }
    if (timer != POLLER_KEEP_TIMER) {
        dequeue(poller, item);
        enqueue(poller, item, timer);
    }
    struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = item};
    int operation = item->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(poller->epoll_fd, operation, item->fd, &event) != 0) {
        dequeue(poller, item);
        return false;
    }
    item->registered = true;
    item->awaited = events;
    item->armed = true;
    if (item->deadline < poller->wake_at) {
        poller->wake_at = item->deadline;
        wake(poller);
    }
    return true;
}

bool poller_disarm(Poller *poller, PollerItem *item)
{
    LOCK_GUARD(&poller->lock);
    bool was_armed = item->armed;
    item->armed = false;
    return was_armed;
}

void poller_forget(Poller *poller, PollerItem *item)
{
    LOCK_GUARD(&poller->lock);
    unregister(poller, item);
}

void poller_retire(Poller *poller, PollerItem *item)
{
    LOCK_GUARD(&poller->lock);
    unregister(poller, item);
    poller->retired = g_slist_prepend(poller->retired, item);
}

Usec poller_oldest(Poller *poller, int timer)
{
    LOCK_GUARD(&poller->lock);
    const PollerItem *item = g_queue_peek_head(&poller->queues[timer]);
    return item ? item->deadline - poller->durations[timer] : USEC_NEVER;
}

bool poller_shut_oldest(Poller *poller, int timer)
{
    LOCK_GUARD(&poller->lock);
    PollerItem *item;
    while ((item = g_queue_peek_head(&poller->queues[timer])) != NULL) {
        /* Out of this queue, or the next call would choose it again. */
        dequeue(poller, item);
        if (item->armed) {
            enqueue(poller, item, POLLER_NO_TIMER);
            (void)shutdown(item->fd, SHUT_RDWR);
            return true;
        }
    }
    return false;
}

static void *poller_thread(void *user)
{
    Poller *poller = user;
    while (!g_atomic_int_get(&poller->stopping)) {
        struct epoll_event events[BATCH];
        int count = epoll_wait(poller->epoll_fd, events, BATCH, begin_sleep(poller));
        end_sleep(poller);
        for (int i = 0; i < count; i++) {
            handle_event(poller, &events[i]);
        }
        expire(poller);
        free_retired(poller);
    }
    return NULL;
}

/* How many milliseconds epoll may wait; rounded up, so that the deadline has passed then. */
static int begin_sleep(Poller *poller)
{
    LOCK_GUARD(&poller->lock);
    poller->wake_at = USEC_NEVER;
    for (unsigned i = POLLER_NO_TIMER + 1; i < poller->timer_count; i++) {
        const PollerItem *item = g_queue_peek_head(&poller->queues[i]);
        if (item && item->deadline < poller->wake_at) {
            poller->wake_at = item->deadline;
        }
    }
    if (poller->wake_at == USEC_NEVER) {
        return -1;
    }
    Usec left = poller->wake_at - op_now();
    return left <= 0 ? 0 : (int)MIN((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC, G_MAXINT);
}

static void end_sleep(Poller *poller)
{
    LOCK_GUARD(&poller->lock);
    poller->wake_at = POLLER_AWAKE;
}

static void handle_event(Poller *poller, const struct epoll_event *event)
{
    PollerItem *item = event->data.ptr;
    if (!item) {
        uint64_t count;
        (void)!read(poller->wake_fd, &count, sizeof count);
        return;
    }
    if (take_ready(poller, item, event->events)) {
        item->on_event(item, POLLER_READY);
    }
}

static bool take_ready(Poller *poller, PollerItem *item, uint32_t events)
{
    LOCK_GUARD(&poller->lock);
    if (!item->armed || !(events & (item->awaited | EPOLLHUP | EPOLLERR))) {
        return false;
    }
    item->armed = false;
    return true;
}

static void expire(Poller *poller)
{
    Usec now = op_now();
    for (unsigned i = POLLER_NO_TIMER + 1; i < poller->timer_count; i++) {
        PollerItem *item;
        while ((item = take_first(poller, (int)i, now)) != NULL) {
            item->on_event(item, POLLER_TIMEOUT);
        }
    }
}

static void free_retired(Poller *poller)
{
    lock_acquire(&poller->lock);
    GSList *retired = g_steal_pointer(&poller->retired);
    lock_release(&poller->lock);
    while (retired) {
        PollerItem *item = retired->data;
        retired = g_slist_delete_link(retired, retired);
        item->free(item);
    }
}

static void hand_out_all(Poller *poller)
{
    lock_acquire(&poller->lock);
    poller->stopped = true;
    lock_release(&poller->lock);
    for (unsigned i = 0; i < poller->timer_count; i++) {
        PollerItem *item;
        while ((item = take_first(poller, (int)i, USEC_NEVER)) != NULL) {
            item->on_event(item, POLLER_STOPPED);
        }
    }
}

/* Disarms the first item of a queue that is due at `now`.  Items that another thread holds
 * are dropped from the queue on the way; they come back when they are armed. */
static PollerItem *take_first(Poller *poller, int timer, Usec now)
{
    LOCK_GUARD(&poller->lock);
    PollerItem *item;
    while ((item = g_queue_peek_head(&poller->queues[timer])) != NULL && item->deadline <= now) {
        dequeue(poller, item);
        if (item->armed) {
            item->armed = false;
            return item;
        }
    }
    return NULL;
}

static void enqueue(Poller *poller, PollerItem *item, int timer)
{
    Usec duration = poller->durations[timer];
    item->timer = timer;
    item->deadline = duration == USEC_NEVER ? USEC_NEVER : op_now() + duration;
    item->link.data = item;
    item->queued = true;
    g_queue_push_tail_link(&poller->queues[timer], &item->link);
}

static void dequeue(Poller *poller, PollerItem *item)
{
    if (item->queued) {
        g_queue_unlink(&poller->queues[item->timer], &item->link);
        item->queued = false;
    }
}

static void unregister(Poller *poller, PollerItem *item)
{
    dequeue(poller, item);
    item->armed = false;
    if (item->registered) {
        item->registered = false;
        /* Closing would not do while a child process still holds a copy of the descriptor. */
        (void)epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, item->fd, NULL);
    }
}

static void wake(Poller *poller)
{
    uint64_t one = 1;
    (void)!write(poller->wake_fd, &one, sizeof one);
}
