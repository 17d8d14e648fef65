/* The commit thread. It encodes rows itself, so that writers do not pay for it. */
#include "db/commit.h"

#include "base/lock.h"
#include "base/log.h"
#include "db/row.h"

struct CommitQueue {
    const DbPlan *plan;
    DbBackend backend; /* commit thread only */
    GThread *thread;

    Lock lock;           /* what follows */
    GCond has_work;      /* pending or stopping */
    GCond has_result;    /* flushed or failure */
    GHashTable *pending; /* ObjectKey -> PendingRow */
    uint64_t queued;     /* newest generation in `pending` or before */
    uint64_t flushed;    /* newest durable one */
    Err *failure;        /* why nothing is written any more */
    bool is_stopping;
};

typedef struct PendingRow {
    ObjectKey key;
    DbObject *object; /* NULL: to be deleted */
} PendingRow;

static gpointer commit_thread(gpointer user);
static GHashTable *take_pending(CommitQueue *queue, uint64_t *ret_generation);
static bool flush(CommitQueue *queue, GHashTable *batch, uint64_t generation, Err **err);
static void settle(CommitQueue *queue, uint64_t generation);
static void give_up(CommitQueue *queue, uint64_t generation, const Err *cause);
static GHashTable *pending_new(void);
static void pending_row_free(gpointer data);

CommitQueue *commit_queue_new(const DbPlan *plan, const DbBackend *backend, uint64_t generation)
{
    CommitQueue *queue = g_new0(CommitQueue, 1);
    queue->plan = plan;
    queue->backend = *backend;
    queue->pending = pending_new();
    queue->queued = generation;
    queue->flushed = generation;
    lock_init(&queue->lock, LOCK_DB_COMMIT);
    g_cond_init(&queue->has_work);
    g_cond_init(&queue->has_result);
    queue->thread = g_thread_new("db-commit", commit_thread, queue);
    return queue;
}

void commit_queue_free(CommitQueue *queue)
{
    lock_acquire(&queue->lock);
    queue->is_stopping = true;
    g_cond_signal(&queue->has_work);
    lock_release(&queue->lock);
    g_thread_join(queue->thread);

    queue->backend.close(queue->backend.user);
    g_hash_table_unref(queue->pending);
    err_free(queue->failure);
    g_cond_clear(&queue->has_work);
    g_cond_clear(&queue->has_result);
    lock_clear(&queue->lock);
    g_free(queue);
}

bool commit_queue_check(CommitQueue *queue, Err **err)
{
    LOCK_GUARD(&queue->lock);
    return queue->failure ? err_propagate(err, err_copy(queue->failure)) : true;
}

void commit_queue_push(CommitQueue *queue, uint64_t generation, const GArray *stored)
{
    LOCK_GUARD(&queue->lock);
    for (unsigned i = 0; i < stored->len; i++) {
        const DbChange *change = &g_array_index(stored, DbChange, i);
        PendingRow *row = g_new0(PendingRow, 1);
        row->key.class_id = change->class_id;
        row->key.ref = change->ref;
        row->object = change->object ? object_ref((DbObject *)change->object) : NULL;
        g_hash_table_replace(queue->pending, &row->key, row);
    }
    queue->queued = generation;
    g_cond_signal(&queue->has_work);
}

uint64_t commit_queue_newest(CommitQueue *queue)
{
    LOCK_GUARD(&queue->lock);
    return queue->queued;
}

bool commit_queue_wait(CommitQueue *queue, uint64_t generation, Err **err)
{
    LOCK_GUARD(&queue->lock);
    while (queue->flushed < generation && !queue->failure) {
        g_cond_wait(&queue->has_result, &queue->lock.mutex);
    }
    return queue->flushed >= generation ? true : err_propagate(err, err_copy(queue->failure));
}

static gpointer commit_thread(gpointer user)
{
    CommitQueue *queue = user;
    uint64_t generation;
    for (;;) {
        g_autoptr(GHashTable) batch = take_pending(queue, &generation);
        g_autoptr(Err) err = NULL;
        if (!batch) {
            return NULL;
        }
        if (!flush(queue, batch, generation, &err)) {
            give_up(queue, generation, err);
            return NULL;
        }
        settle(queue, generation);
    }
}

/* Waits for work; NULL when there is none and there will be none. (owned) */
static GHashTable *take_pending(CommitQueue *queue, uint64_t *ret_generation)
{
    LOCK_GUARD(&queue->lock);
    while (queue->queued == queue->flushed && !queue->is_stopping) {
        g_cond_wait(&queue->has_work, &queue->lock.mutex);
    }
    if (queue->queued == queue->flushed) {
        return NULL;
    }
    GHashTable *batch = queue->pending;
    queue->pending = pending_new();
    *ret_generation = queue->queued;
    return batch;
}

static bool flush(CommitQueue *queue, GHashTable *batch, uint64_t generation, Err **err)
{
    g_autofree DbRow *rows = g_new(DbRow, g_hash_table_size(batch));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    unsigned count = 0;
    GHashTableIter iter;
    gpointer data;
    g_hash_table_iter_init(&iter, batch);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const PendingRow *pending = data;
        char *json = pending->object ? row_encode(queue->plan, pending->object) : NULL;
        g_ptr_array_add(texts, json);
        rows[count++] = (DbRow){pending->key.class_id, pending->key.ref, json};
    }
    return queue->backend.commit(queue->backend.user, queue->plan->schema, rows, count, generation,
                                 err);
}

static void settle(CommitQueue *queue, uint64_t generation)
{
    LOCK_GUARD(&queue->lock);
    queue->flushed = generation;
    g_cond_broadcast(&queue->has_result);
}

static void give_up(CommitQueue *queue, uint64_t generation, const Err *cause)
{
    g_autofree char *text = err_to_string(cause);
    log_error("writing generation %" G_GUINT64_FORMAT " to the %s database failed: %s", generation,
              queue->backend.name, text);
    LOCK_GUARD(&queue->lock);
    err_internal(&queue->failure,
                 "changes can no longer be written to the %s database and none are taken until "
                 "the daemon is restarted: %s",
                 queue->backend.name, text);
    g_cond_broadcast(&queue->has_result);
}

static GHashTable *pending_new(void)
{
    return g_hash_table_new_full(object_key_hash, object_key_equal, NULL, pending_row_free);
}

static void pending_row_free(gpointer data)
{
    PendingRow *row = data;
    object_unref(row->object);
    g_free(row);
}
