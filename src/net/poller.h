/* A thread that waits for many descriptors and deadlines and holds no stack for any of them.
 *
 * An item is either armed, that is in the poller's custody, or held by exactly one thread, which
 * may do with it what it likes.  poller_arm() gives it up; the poller's call of on_event() or a
 * successful poller_disarm() hands it out again.  A deadline is one of a few fixed durations
 * counted from the arming, so that each kind is a queue in order and costs no search. */
#pragma once

#include "base/op.h"

#include <sys/epoll.h>

typedef struct Poller Poller;
typedef struct PollerItem PollerItem;

typedef enum PollerEvent {
    POLLER_READY,   /* an awaited event, an error or a hang-up; perhaps one of the past */
    POLLER_TIMEOUT, /* the deadline has passed */
    POLLER_STOPPED, /* the poller ends; arming fails from now on */
} PollerEvent;

enum {
    POLLER_NO_TIMER = 0,    /* wait without a deadline */
    POLLER_MAX_TIMERS = 8,  /* the kinds, that of no deadline included */
    POLLER_KEEP_TIMER = -1, /* go on with the deadline of before; only for the poller's thread */
};

/* Embedded at the start of what it stands for.  Zeroed, then the first three set by the owner. */
struct PollerItem {
    int fd;
    /* Runs on the poller's thread, which then holds the item. */
    void (*on_event)(PollerItem *item, PollerEvent event);
    void (*free)(PollerItem *item); /* for poller_retire() */

    /* poller.c's */
    bool registered;
    bool armed;
    bool queued;      /* stands in the queue of `timer` */
    uint32_t awaited; /* what it was armed for */
    int timer;
    Usec deadline;
    GList link;
};

/* `durations` has one entry per kind of timer, the first (POLLER_NO_TIMER) not used. */
Poller *poller_new(const Usec *durations, unsigned count, Err **err);
bool poller_start(Poller *poller, Err **err);
/* Ends the thread; every armed item gets POLLER_STOPPED.  Not from the poller's own thread. */
void poller_stop(Poller *poller);
void poller_free(Poller *poller); /* after poller_stop() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Poller, poller_free)

/* Hands `item` over until one of `events` (epoll's) or the end of `timer`.  False when the poller
 * has stopped or the system refuses one more watch: the caller still holds it, and gives up.  The
 * poller's own thread may also arm an armed item for something else. */
bool poller_arm(Poller *poller, PollerItem *item, uint32_t events, int timer);
/* Takes `item` back; false when the poller has already handed it out. */
bool poller_disarm(Poller *poller, PollerItem *item);
/* Ends the watch over the item's descriptor, which can then be closed or used elsewhere.  The
 * item is held, or armed and the caller is the poller's own thread. */
void poller_forget(Poller *poller, PollerItem *item);
/* As poller_forget(), and has item->free() called when no event can name it any more. */
void poller_retire(Poller *poller, PollerItem *item);

/* Since when the item that has been longest in the queue of `timer` is there; USEC_NEVER: no item.
 */
Usec poller_oldest(Poller *poller, int timer);
/* Shuts the socket of the oldest item in the poller's custody down, so that it gets POLLER_READY
 * and finds the end of its stream.  False when there was none. */
bool poller_shut_oldest(Poller *poller, int timer);
