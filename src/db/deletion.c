/* A ring of the last DB_MAX_DELETIONS deletions: see deletion.h. */
#include "db/deletion.h"

#include "base/lock.h"

struct DeletionLog {
    Lock lock;
    uint64_t count;     /* of all that were ever added */
    uint64_t forgotten; /* the newest generation of which deletions may be missing */
    DbDeletion ring[DB_MAX_DELETIONS];
};

DeletionLog *deletion_log_new(uint64_t generation)
{
    DeletionLog *log = g_new0(DeletionLog, 1);
    lock_init(&log->lock, LOCK_DB_STATE);
    log->forgotten = generation;
    return log;
}

void deletion_log_free(DeletionLog *log)
{
    if (log) {
        lock_clear(&log->lock);
        g_free(log);
    }
}

void deletion_log_add(DeletionLog *log, const GArray *deletions)
{
    LOCK_GUARD(&log->lock);
    for (unsigned i = 0; i < deletions->len; i++) {
        DbDeletion *slot = &log->ring[log->count % DB_MAX_DELETIONS];
        if (log->count >= DB_MAX_DELETIONS) {
            log->forgotten = slot->deleted;
        }
        *slot = g_array_index(deletions, DbDeletion, i);
        log->count++;
    }
}

GArray *deletion_log_range(DeletionLog *log, uint64_t after, uint64_t until, bool *ret_complete)
{
    GArray *range = g_array_new(FALSE, FALSE, sizeof(DbDeletion));
    LOCK_GUARD(&log->lock);
    uint64_t oldest = log->count > DB_MAX_DELETIONS ? log->count - DB_MAX_DELETIONS : 0;
    uint64_t first = log->count;
    while (first > oldest && log->ring[(first - 1) % DB_MAX_DELETIONS].deleted > after) {
        first--;
    }
    for (uint64_t i = first; i < log->count; i++) {
        const DbDeletion *deletion = &log->ring[i % DB_MAX_DELETIONS];
        if (deletion->deleted <= until) {
            g_array_append_val(range, *deletion);
        }
    }
    *ret_complete = after >= log->forgotten;
    return range;
}
