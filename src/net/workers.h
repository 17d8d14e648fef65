/* A pool of threads for jobs that may block a little: it grows while jobs would have to wait,
 * and shrinks when threads have had nothing to do for a while. */
#pragma once

#include "base/err.h"

typedef struct Workers Workers;

/* `run` is called with each job, on one of `min` to `max` threads. */
Workers *workers_new(unsigned min, unsigned max, void (*run)(void *job));
void workers_free(Workers *workers); /* after workers_stop() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Workers, workers_free)

/* Jobs run in the order in which they are pushed.  False once the pool has stopped. */
bool workers_push(Workers *workers, void *job);

/* Lets the running jobs end, gives those that have not begun to `drop`, joins the threads. */
void workers_stop(Workers *workers, void (*drop)(void *job));

void workers_count(Workers *workers, unsigned *ret_threads, unsigned *ret_busy);
