/* From published to durable: a queue of changed objects and the thread that gives them to the
 * backend.  Everything that was queued while a flush ran goes into the next flush as one unit;
 * of an object that changed more than once only the newest version is written.
 *
 * A failed flush is final: nothing is written after it, so that the disk never has a later
 * change without an earlier one. */
#pragma once

#include "db/object.h"

typedef struct CommitQueue CommitQueue;

/* Starts the thread. Takes `backend` over. `generation` is durable already. (owned) */
CommitQueue *commit_queue_new(const DbPlan *plan, const DbBackend *backend, uint64_t generation);
/* Flushes what is queued, ends the thread, closes the backend. */
void commit_queue_free(CommitQueue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CommitQueue, commit_queue_free)

/* False once a flush has failed. */
bool commit_queue_check(CommitQueue *queue, Err **err);
/* Queues `stored` (array of DbChange). Calls come in the order of generations. */
void commit_queue_push(CommitQueue *queue, uint64_t generation, const GArray *stored);
uint64_t commit_queue_newest(CommitQueue *queue); /* the generation pushed last */
/* Waits until everything up to `generation` is durable or a flush has failed. */
bool commit_queue_wait(CommitQueue *queue, uint64_t generation, Err **err);
