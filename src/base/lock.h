/* Mutexes with ranks.  A thread takes locks in rising rank only; a build with
 * CLEARWATER_DEBUG aborts when it does not.  No lock is held across I/O. */
#pragma once

#include <glib.h>

/* Lowest first. Every lock of the daemon is named here, nowhere else. */
typedef enum LockRank {
    LOCK_DAEMON,
    LOCK_CORE,
    LOCK_TOKEN,
    LOCK_SESSION,
    LOCK_TASK,
    LOCK_OPLOCK,
    LOCK_DB_WRITER,
    LOCK_EVENT,
    LOCK_DB_STATE,
    LOCK_DB_COMMIT,
    LOCK_SR,
    LOCK_NETWORK,
    LOCK_HV,
    LOCK_HV_DOMAIN,
    LOCK_HV_MESSAGES,
    LOCK_VM_WATCH,
    LOCK_METRICS,
    LOCK_NET_SERVER,
    LOCK_NET_CONNECTION,
    LOCK_NET_TLS,
    LOCK_OP,
    LOCK_AUDIT,
    LOCK_LOG,
} LockRank;

typedef struct Lock {
    GMutex mutex;
    LockRank rank;
} Lock;

void lock_init(Lock *lock, LockRank rank);
void lock_clear(Lock *lock);
void lock_acquire(Lock *lock);
void lock_release(Lock *lock);

/* What may block calls this first: a debug build aborts when the thread holds more than `count`
 * ranked locks (one while it waits for a condition, otherwise none). `where` names the caller. */
void lock_check_held_at_most(unsigned count, const char *where);

static inline void lock_release_ptr(Lock **lock)
{
    if (*lock) {
        lock_release(*lock);
    }
}
static inline Lock *lock_acquire_ptr(Lock *lock)
{
    lock_acquire(lock);
    return lock;
}
/* Holds `lock` until the end of the block. */
#define LOCK_GUARD(lock)                                                                           \
    __attribute__((cleanup(lock_release_ptr), unused)) Lock *G_PASTE(lock_guard_, __LINE__) =      \
        lock_acquire_ptr(lock)
