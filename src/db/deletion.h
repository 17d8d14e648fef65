/* The last deletions, for clients that ask what went since they looked (event.from). */
#pragma once

#include "db/store.h"

typedef struct DeletionLog DeletionLog;

/* Knows of no deletion at or before `generation`. (owned) */
DeletionLog *deletion_log_new(uint64_t generation);
void deletion_log_free(DeletionLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeletionLog, deletion_log_free)

/* Appends `deletions` (array of DbDeletion), whose generation is above those before. */
void deletion_log_add(DeletionLog *log, const GArray *deletions);
/* Those after `after` and not after `until`, oldest first; `ret_complete` is false when some of
 * them may have been forgotten. (owned) */
GArray *deletion_log_range(DeletionLog *log, uint64_t after, uint64_t until, bool *ret_complete);
