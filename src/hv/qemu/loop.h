/* The driver's event thread: it reads every QMP and agent socket and notices when a process
 * ends.  What it calls must not block. */
#pragma once

#include "base/err.h"

typedef struct QemuLoop QemuLoop;

/* A descriptor that the event thread watches. Lives, unmoved, until it was removed or the loop
 * freed. */
typedef struct QemuWatch {
    int fd; /* (borrowed) */
    void (*ready)(void *user);
    void *user;
} QemuWatch;

/* Starts the thread. `tick` runs on it about once a second. (owned) */
QemuLoop *qemu_loop_new(void (*tick)(void *user), void *user, Err **err);
/* Stops the thread; watches that are left are not called any more. */
void qemu_loop_free(QemuLoop *loop);

/* Any thread. */
bool qemu_loop_add(QemuLoop *loop, QemuWatch *watch, Err **err);
/* Event thread only, so that no call of `ready` can be under way. */
void qemu_loop_remove(QemuLoop *loop, QemuWatch *watch);
