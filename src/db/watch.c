/* Watchers and the queue of publications: see watch.h. */
#include "db/watch.h"

#include "base/lock.h"

struct WatchList {
    Lock lock;
    GCond changed;    /* `deliverer` or `running` */
    GArray *watchers; /* Watcher, rising ids */
    GQueue publications;
    uint64_t delivered; /* generation */
    GThread *deliverer; /* NULL: nobody delivers */
    unsigned running;   /* id of the watcher that runs, 0: none */
    unsigned last_id;
};

typedef struct Watcher {
    unsigned id;
    DbWatchFunc func;
    void *user;
} Watcher;

typedef struct Publication {
    DbSnapshot *snapshot;
    GArray *changes;
} Publication;

static void deliver_all(WatchList *list);
static void deliver(WatchList *list, const Publication *publication);
static bool next_watcher(const WatchList *list, unsigned after_id, Watcher *ret_watcher);
static void publication_free(Publication *publication);

WatchList *watch_list_new(void)
{
    WatchList *list = g_new0(WatchList, 1);
    lock_init(&list->lock, LOCK_DB_STATE);
    g_cond_init(&list->changed);
    list->watchers = g_array_new(FALSE, FALSE, sizeof(Watcher));
    g_queue_init(&list->publications);
    return list;
}

void watch_list_free(WatchList *list)
{
    g_queue_clear_full(&list->publications, (GDestroyNotify)publication_free);
    g_array_unref(list->watchers);
    g_cond_clear(&list->changed);
    lock_clear(&list->lock);
    g_free(list);
}

unsigned watch_list_add(WatchList *list, DbWatchFunc func, void *user)
{
    LOCK_GUARD(&list->lock);
    Watcher watcher = {.id = ++list->last_id, .func = func, .user = user};
    g_array_append_val(list->watchers, watcher);
    return watcher.id;
}

void watch_list_remove(WatchList *list, unsigned id)
{
    LOCK_GUARD(&list->lock);
    for (unsigned i = 0; i < list->watchers->len; i++) {
        if (g_array_index(list->watchers, Watcher, i).id == id) {
            g_array_remove_index(list->watchers, i);
            break;
        }
    }
    while (list->running == id && list->deliverer != g_thread_self()) {
        g_cond_wait(&list->changed, &list->lock.mutex);
    }
}

void watch_list_push(WatchList *list, DbSnapshot *snapshot, GArray *changes)
{
    Publication *publication = g_new0(Publication, 1);
    publication->snapshot = db_snapshot_ref(snapshot);
    publication->changes = changes;
    LOCK_GUARD(&list->lock);
    g_queue_push_tail(&list->publications, publication);
}

void watch_list_deliver(WatchList *list, uint64_t generation)
{
    LOCK_GUARD(&list->lock);
    if (list->deliverer == g_thread_self()) {
        return;
    }
    while (list->delivered < generation) {
        if (list->deliverer) {
            g_cond_wait(&list->changed, &list->lock.mutex);
        } else {
            deliver_all(list);
        }
    }
}

/* Called with the lock held; gives it away around each call of a watcher. */
static void deliver_all(WatchList *list)
{
    Publication *publication;
    list->deliverer = g_thread_self();
    while ((publication = g_queue_pop_head(&list->publications))) {
        deliver(list, publication);
        list->delivered = db_view_generation(db_snapshot_view(publication->snapshot));
        g_cond_broadcast(&list->changed);
        lock_release(&list->lock);
        publication_free(publication);
        lock_acquire(&list->lock);
    }
    list->deliverer = NULL;
    g_cond_broadcast(&list->changed);
}

static void deliver(WatchList *list, const Publication *publication)
{
    Watcher watcher = {.id = 0};
    while (next_watcher(list, watcher.id, &watcher)) {
        list->running = watcher.id;
        lock_release(&list->lock);
        watcher.func(watcher.user, publication->snapshot,
                     (const DbChange *)(void *)publication->changes->data,
                     publication->changes->len);
        lock_acquire(&list->lock);
        list->running = 0;
        g_cond_broadcast(&list->changed);
    }
}

static bool next_watcher(const WatchList *list, unsigned after_id, Watcher *ret_watcher)
{
    for (unsigned i = 0; i < list->watchers->len; i++) {
        const Watcher *watcher = &g_array_index(list->watchers, Watcher, i);
        if (watcher->id > after_id) {
            *ret_watcher = *watcher;
            return true;
        }
    }
    return false;
}

static void publication_free(Publication *publication)
{
    db_snapshot_unref(publication->snapshot);
    g_array_unref(publication->changes);
    g_free(publication);
}
