/* Ranked mutexes.  In a debug build each thread remembers the ranks it holds, so that a wrong
 * order is found by the first test that runs the path, not by the first deadlock. */
#include "base/lock.h"

#ifdef CLEARWATER_DEBUG

#include <stdbool.h>

/* Ranks rise strictly, so no thread can hold more locks than there are ranks. */
#define LOCK_MAX_HELD (LOCK_LOG + 1)

typedef struct HeldLocks {
    LockRank ranks[LOCK_MAX_HELD]; /* rising */
    unsigned count;
} HeldLocks;

static _Thread_local HeldLocks held;

static void lock_note_acquire(const Lock *lock)
{
    if (held.count > 0 && held.ranks[held.count - 1] >= lock->rank) {
        g_error("lock order: rank %u taken while rank %u is held", lock->rank,
                held.ranks[held.count - 1]);
    }
    held.ranks[held.count++] = lock->rank;
}

static void lock_note_release(const Lock *lock)
{
    unsigned at = 0;
    while (at < held.count && held.ranks[at] != lock->rank) {
        at++;
    }
    if (at == held.count) {
        g_error("lock of rank %u released by a thread that does not hold it", lock->rank);
    }
    for (held.count--; at < held.count; at++) {
        held.ranks[at] = held.ranks[at + 1];
    }
}

void lock_check_held_at_most(unsigned count, const char *where)
{
    if (held.count > count) {
        g_error("%s would block while a lock of rank %u is held", where,
                held.ranks[held.count - 1 - count]);
    }
}

#else

static void lock_note_acquire(const Lock *lock)
{
    (void)lock;
}

static void lock_note_release(const Lock *lock)
{
    (void)lock;
}

void lock_check_held_at_most(unsigned count, const char *where)
{
    (void)count;
    (void)where;
}

#endif

void lock_init(Lock *lock, LockRank rank)
{
    g_mutex_init(&lock->mutex);
    lock->rank = rank;
}

void lock_clear(Lock *lock)
{
    g_mutex_clear(&lock->mutex);
}

void lock_acquire(Lock *lock)
{
    /* Before taking it: the second half of an inversion would not come back to tell. */
    lock_note_acquire(lock);
    g_mutex_lock(&lock->mutex);
}

void lock_release(Lock *lock)
{
    lock_note_release(lock);
    g_mutex_unlock(&lock->mutex);
}
