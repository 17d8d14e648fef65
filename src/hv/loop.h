/* A driver's event thread: it calls whoever waits for a descriptor, one at a time.  What it calls
 * must not block. */
#pragma once

#include "base/err.h"

typedef struct HvLoop HvLoop;

/* A descriptor that the event thread watches. Lives, unmoved, until it was removed or the loop
 * freed. */
typedef struct HvWatch {
    int fd; /* (borrowed) */
    void (*ready)(void *user);
    void *user;
} HvWatch;

/* Starts the thread. `tick`, if there is one, runs on it about once a second. (owned) */
HvLoop *hv_loop_new(void (*tick)(void *user), void *user, Err **err);
/* Stops the thread; watches that are left are not called any more. */
void hv_loop_free(HvLoop *loop);

/* Any thread. */
bool hv_loop_add(HvLoop *loop, HvWatch *watch, Err **err);
/* Event thread only, so that no call of `ready` can be under way. */
void hv_loop_remove(HvLoop *loop, HvWatch *watch);
