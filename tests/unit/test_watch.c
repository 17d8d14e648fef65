/* Watchers: what they are told, in which order, on commits of many threads and of their own. */
#include "store_fixture.h"

typedef struct Log {
    GArray *changes;     /* DbChange, objects not to be used */
    GArray *generations; /* uint64_t, one a publication */
    gint count;          /* of publications, atomic */
} Log;

static void log_clear(Log *log)
{
    g_clear_pointer(&log->changes, g_array_unref);
    g_clear_pointer(&log->generations, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Log, log_clear)

static Log log_new(void)
{
    return (Log){.changes = g_array_new(FALSE, FALSE, sizeof(DbChange)),
                 .generations = g_array_new(FALSE, FALSE, sizeof(uint64_t))};
}

static void log_changes(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count)
{
    Log *log = user;
    uint64_t generation = db_view_generation(db_snapshot_view(snapshot));
    for (unsigned i = 0; i < count; i++) {
        const DbObject *found =
            db_find(db_snapshot_view(snapshot), changes[i].class_id, changes[i].ref);
        g_assert_true(found == changes[i].object);
        g_assert_true((changes[i].kind == DB_DELETED) == !found);
        g_assert_true(!found || db_object_modified(found) == generation);
    }
    g_array_append_vals(log->changes, changes, count);
    g_array_append_val(log->generations, generation);
    g_atomic_int_inc(&log->count);
}

static void check_change(const Log *log, unsigned index, DbChangeKind kind, uint16_t class_id,
                         unsigned number)
{
    const DbChange *change = &g_array_index(log->changes, DbChange, index);
    g_assert_cmpint(change->kind, ==, kind);
    g_assert_cmpuint(change->class_id, ==, class_id);
    g_assert_true(uuid_equal(change->ref, test_ref(number)));
}

static void test_what_is_told(void)
{
    g_autoptr(Db) db = test_open_none();
    g_auto(Log) log = log_new();
    db_watch(db, log_changes, &log);

    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("a"));
    db_delete(txn, CLASS_VM, test_ref(2));
    test_commit(txn);
    g_assert_cmpuint(log.changes->len, ==, 1);
    check_change(&log, 0, DB_ADDED, CLASS_VM, 1);

    txn = db_begin(db);
    db_create(txn, CLASS_VBD, test_ref(11), uuid_generate());
    db_set(txn, CLASS_VBD, test_ref(11), VBD_VM, value_new_ref(test_ref(1)));
    test_commit(txn);
    g_assert_cmpuint(log.changes->len, ==, 3);
    check_change(&log, 1, DB_ADDED, CLASS_VBD, 11);
    check_change(&log, 2, DB_MODIFIED, CLASS_VM, 1);

    txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_PROGRESS, value_new_float(0.25));
    db_commit_async(txn);
    g_assert_cmpuint(log.changes->len, ==, 4);
    check_change(&log, 3, DB_MODIFIED, CLASS_VM, 1);

    txn = db_begin(db);
    db_touch(txn, CLASS_VM, test_ref(1));
    db_delete(txn, CLASS_VBD, test_ref(11));
    test_commit(txn);
    g_assert_cmpuint(log.changes->len, ==, 6);
    check_change(&log, 4, DB_MODIFIED, CLASS_VM, 1);
    check_change(&log, 5, DB_DELETED, CLASS_VBD, 11);
}

static void test_nothing_is_told_of_nothing(void)
{
    g_autoptr(Db) db = test_open_none();
    g_auto(Log) log = log_new();
    db_watch(db, log_changes, &log);
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_delete(txn, CLASS_VM, test_ref(1));
    test_commit(txn);
    txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_abort(txn);
    g_assert_cmpuint(log.generations->len, ==, 0);
}

static void test_unwatch(void)
{
    g_autoptr(Db) db = test_open_none();
    g_auto(Log) first = log_new();
    g_auto(Log) second = log_new();
    unsigned id = db_watch(db, log_changes, &first);
    db_watch(db, log_changes, &second);
    for (unsigned i = 1; i <= 2; i++) {
        DbTxn *txn = db_begin(db);
        db_create(txn, CLASS_VM, test_ref(i), uuid_generate());
        test_commit(txn);
        db_unwatch(db, id);
    }
    g_assert_cmpuint(first.generations->len, ==, 1);
    g_assert_cmpuint(second.generations->len, ==, 2);
}

typedef struct Answerer {
    Db *db;
    unsigned id;
    bool is_inside;
} Answerer;

/* Names every new VM in a transaction of its own, and stops watching at the third. */
static void answer_new_vms(void *user, DbSnapshot *snapshot, const DbChange *changes,
                           unsigned count)
{
    Answerer *answerer = user;
    g_assert_false(answerer->is_inside);
    answerer->is_inside = true;
    for (unsigned i = 0; i < count; i++) {
        if (changes[i].kind == DB_ADDED) {
            DbTxn *txn = db_begin(answerer->db);
            db_set(txn, CLASS_VM, changes[i].ref, VM_NAME, value_new_string("seen"));
            test_commit(txn);
        }
    }
    if (db_count(db_snapshot_view(snapshot), CLASS_VM) == 3) {
        db_unwatch(answerer->db, answerer->id);
    }
    answerer->is_inside = false;
}

static void test_watcher_commits(void)
{
    g_autoptr(Db) db = test_open_none();
    g_auto(Log) log = log_new();
    Answerer answerer = {.db = db};
    answerer.id = db_watch(db, answer_new_vms, &answerer);
    db_watch(db, log_changes, &log);
    for (unsigned i = 1; i <= 4; i++) {
        DbTxn *txn = db_begin(db);
        db_create(txn, CLASS_VM, test_ref(i), uuid_generate());
        test_commit(txn);
        g_assert_cmpuint(log.changes->len, ==, i == 4 ? 7 : 2 * i);
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_cmpstr(value_string(db_get(view, CLASS_VM, test_ref(3), VM_NAME)), ==, "seen");
    g_assert_cmpstr(value_string(db_get(view, CLASS_VM, test_ref(4), VM_NAME)), ==, "");
}

enum { WRITERS = 6, COMMITS_EACH = 200, DEADLINE_SECONDS = 60 };

typedef struct Writer {
    Db *db;
    const Log *log;
    uint64_t start; /* generation */
    unsigned number;
} Writer;

static gpointer write_many(gpointer user)
{
    const Writer *writer = user;
    for (int i = 1; i <= COMMITS_EACH; i++) {
        DbTxn *txn = db_begin(writer->db);
        uint64_t generation = db_view_generation(db_txn_view(txn));
        db_set(txn, CLASS_VM, test_ref(writer->number), VM_MEMORY, value_new_int(i));
        if (i % 2) {
            test_commit(txn);
        } else {
            db_commit_async(txn);
        }
        gint told = g_atomic_int_get(&writer->log->count);
        g_assert_cmpuint((uint64_t)told, >=, generation - writer->start);
    }
    return NULL;
}

static void test_order_over_threads(void)
{
    g_autoptr(Db) db = test_open_none();
    g_auto(Log) log = log_new();
    DbTxn *txn = db_begin(db);
    for (unsigned i = 1; i <= WRITERS; i++) {
        db_create(txn, CLASS_VM, test_ref(i), uuid_generate());
    }
    uint64_t start = db_view_generation(db_txn_view(txn));
    test_commit(txn);
    db_watch(db, log_changes, &log);

    Writer writers[WRITERS];
    GThread *threads[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (Writer){db, &log, start, i + 1};
        threads[i] = g_thread_new("writer", write_many, &writers[i]);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpuint(log.generations->len, ==, WRITERS * COMMITS_EACH);
    for (unsigned i = 1; i < log.generations->len; i++) {
        g_assert_cmpuint(g_array_index(log.generations, uint64_t, i), ==,
                         g_array_index(log.generations, uint64_t, i - 1) + 1);
    }
}

typedef struct Gate {
    GMutex mutex;
    GCond changed;
    bool is_entered;
    bool is_open;
    gint is_left; /* atomic */
} Gate;

static void wait_at_gate(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count)
{
    (void)snapshot;
    (void)changes;
    (void)count;
    Gate *gate = user;
    g_mutex_lock(&gate->mutex);
    gate->is_entered = true;
    g_cond_broadcast(&gate->changed);
    while (!gate->is_open) {
        g_cond_wait(&gate->changed, &gate->mutex);
    }
    g_mutex_unlock(&gate->mutex);
    g_atomic_int_set(&gate->is_left, 1);
}

static gpointer open_gate(gpointer user)
{
    Gate *gate = user;
    g_mutex_lock(&gate->mutex);
    gate->is_open = true;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->mutex);
    return NULL;
}

static gpointer commit_one(gpointer user)
{
    DbTxn *txn = db_begin(user);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    test_commit(txn);
    return NULL;
}

/* What a watcher uses may be freed once db_unwatch() returned. */
static void test_unwatch_waits_for_running_watcher(void)
{
    g_autoptr(Db) db = test_open_none();
    Gate gate = {.is_open = false};
    unsigned id = db_watch(db, wait_at_gate, &gate);
    GThread *committer = g_thread_new("committer", commit_one, db);
    gint64 deadline = g_get_monotonic_time() + DEADLINE_SECONDS * G_TIME_SPAN_SECOND;
    g_mutex_lock(&gate.mutex);
    while (!gate.is_entered) {
        g_assert_true(g_cond_wait_until(&gate.changed, &gate.mutex, deadline));
    }
    g_mutex_unlock(&gate.mutex);
    GThread *opener = g_thread_new("opener", open_gate, &gate);
    db_unwatch(db, id);
    g_assert_cmpint(g_atomic_int_get(&gate.is_left), ==, 1);
    g_thread_join(opener);
    g_thread_join(committer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watch/what-is-told", test_what_is_told);
    g_test_add_func("/watch/nothing-is-told-of-nothing", test_nothing_is_told_of_nothing);
    g_test_add_func("/watch/unwatch", test_unwatch);
    g_test_add_func("/watch/watcher-commits", test_watcher_commits);
    g_test_add_func("/watch/order-over-threads", test_order_over_threads);
    g_test_add_func("/watch/unwatch-waits", test_unwatch_waits_for_running_watcher);
    return g_test_run();
}
