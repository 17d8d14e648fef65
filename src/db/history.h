/* The last of what happened, for clients that ask what did since they looked (event.from): a ring
 * of entries, each of which begins with its generation. */
#pragma once

#include "db/store.h"

typedef struct History History;

/* Knows of nothing at or before `generation`; keeps `capacity` entries of `entry_size`. (owned) */
History *history_new(size_t entry_size, unsigned capacity, uint64_t generation);
void history_free(History *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(History, history_free)

/* Appends `entries` (array of such), whose generation is above those before. */
void history_add(History *history, const GArray *entries);
/* Those after `after` and not after `until`, oldest first; `ret_complete` is false when some of
 * them may have been forgotten. (owned) */
GArray *history_range(History *history, uint64_t after, uint64_t until, bool *ret_complete);
