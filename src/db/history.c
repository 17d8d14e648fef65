/* The ring: see history.h. */
#include "db/history.h"

#include "base/lock.h"

struct History {
    Lock lock;
    size_t entry_size;
    unsigned capacity;
    uint64_t count;     /* of all that were ever added */
    uint64_t forgotten; /* the newest generation of which entries may be missing */
    char *ring;
};

static void *slot_of(const History *history, uint64_t index);
static uint64_t generation_of(const void *entry);

History *history_new(size_t entry_size, unsigned capacity, uint64_t generation)
{
    History *history = g_new0(History, 1);
    lock_init(&history->lock, LOCK_DB_STATE);
    history->entry_size = entry_size;
    history->capacity = capacity;
    history->forgotten = generation;
    history->ring = g_malloc0_n(capacity, entry_size);
    return history;
}

void history_free(History *history)
{
    if (history) {
        lock_clear(&history->lock);
        g_free(history->ring);
        g_free(history);
    }
}

void history_add(History *history, const GArray *entries)
{
    LOCK_GUARD(&history->lock);
    for (unsigned i = 0; i < entries->len; i++) {
        void *slot = slot_of(history, history->count);
        if (history->count >= history->capacity) {
            history->forgotten = generation_of(slot);
        }
        memcpy(slot, entries->data + i * history->entry_size, history->entry_size);
        history->count++;
    }
}

GArray *history_range(History *history, uint64_t after, uint64_t until, bool *ret_complete)
{
    GArray *range = g_array_new(FALSE, FALSE, (guint)history->entry_size);
    LOCK_GUARD(&history->lock);
    uint64_t oldest = history->count > history->capacity ? history->count - history->capacity : 0;
    uint64_t first = history->count;
    while (first > oldest && generation_of(slot_of(history, first - 1)) > after) {
        first--;
    }
    for (uint64_t i = first; i < history->count; i++) {
        const void *entry = slot_of(history, i);
        if (generation_of(entry) <= until) {
            g_array_append_vals(range, entry, 1);
        }
    }
    *ret_complete = after >= history->forgotten;
    return range;
}

static void *slot_of(const History *history, uint64_t index)
{
    return history->ring + index % history->capacity * history->entry_size;
}

static uint64_t generation_of(const void *entry)
{
    uint64_t generation;
    memcpy(&generation, entry, sizeof generation);
    return generation;
}
