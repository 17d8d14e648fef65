/* Telling watchers of publications, in the order of generations and outside of every lock.
 *
 * Publications queue here while the writer has its turn; afterwards each committing thread sees
 * to it that its own was delivered, by delivering what waits or by waiting for the one who does. */
#pragma once

#include "db/view.h"

typedef struct WatchList WatchList;

WatchList *watch_list_new(void); /* (owned) */
void watch_list_free(WatchList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchList, watch_list_free)

unsigned watch_list_add(WatchList *list, DbWatchFunc func, void *user);
/* On return `func` does not run and will not, unless it is `func` itself that calls. */
void watch_list_remove(WatchList *list, unsigned id);

/* Takes `changes` (array of DbChange) over. */
void watch_list_push(WatchList *list, DbSnapshot *snapshot, GArray *changes);
/* Returns when the publication of `generation` was delivered.  A watcher that commits itself
 * returns at once; its publication is delivered after the one it is watching. */
void watch_list_deliver(WatchList *list, uint64_t generation);
