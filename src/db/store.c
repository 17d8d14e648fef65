/* The database as a whole: opening and loading, handing out snapshots, the writer's turn, and
 * the order of steps of a commit.  The steps themselves are txn.c (what changed), commit.c
 * (durable) and watch.c (told). */
#include "db/store.h"

#include "base/lock.h"
#include "base/log.h"
#include "db/commit.h"
#include "db/relation.h"
#include "db/row.h"
#include "db/watch.h"

/* Commits of volatile fields take generations the backend never hears of. After a restart
 * numbers go on above any that could have been taken so, since clients keep them in tokens. */
#define STORE_RESTART_GAP (UINT64_C(1) << 32)

struct Db {
    DbPlan *plan;
    CommitQueue *queue;
    WatchList *watchers;
    DbHistories histories;
    Lock writer; /* held by the one transaction there is */
    Lock state;  /* `current` */
    DbSnapshot *current;
};

typedef struct Loader {
    const DbPlan *plan;
    GPtrArray *objects;        /* DbObject (owned) */
    GHashTable *warned;        /* texts, so that a thousand rows of a kind warn once */
    const DbClass *class_info; /* of the row that is being read */
} Loader;

static DbSnapshot *load(const DbPlan *plan, const DbBackend *backend, Err **err);
static bool load_row(void *user, const char *class_name, Uuid ref, const char *json, Err **err);
static void load_skipped(void *user, const char *field, const char *why);
static void warn_once(Loader *loader, char *text);
static bool publish(DbTxn *txn, uint64_t *ret_durable, Err **err);
static void replace_current(Db *db, DbSnapshot *snapshot);
static bool none_load(void *user, DbLoadFunc each, void *each_user, uint64_t *ret_generation,
                      Err **err);
static bool none_commit(void *user, const DbSchema *schema, const DbRow *rows, unsigned count,
                        uint64_t generation, Err **err);
static void none_close(void *user);

Db *db_open(const DbSchema *schema, const DbBackend *backend, Err **err)
{
    g_autoptr(DbPlan) plan = plan_new(schema, err);
    DbSnapshot *snapshot = plan ? load(plan, backend, err) : NULL;
    if (!snapshot) {
        backend->close(backend->user);
        return NULL;
    }
    uint64_t generation = db_view_generation(db_snapshot_view(snapshot));
    Db *db = g_new0(Db, 1);
    db->plan = g_steal_pointer(&plan);
    db->queue = commit_queue_new(db->plan, backend, generation);
    db->watchers = watch_list_new();
    db->histories.deletions = history_new(sizeof(DbDeletion), DB_MAX_DELETIONS, generation);
    db->histories.touches = history_new(sizeof(DbTouch), DB_MAX_CHANGES, generation);
    db->current = snapshot;
    db->current->histories = &db->histories;
    lock_init(&db->writer, LOCK_DB_WRITER);
    lock_init(&db->state, LOCK_DB_STATE);
    return db;
}

void db_close(Db *db)
{
    if (!db) {
        return;
    }
    commit_queue_free(db->queue);
    watch_list_free(db->watchers);
    db_snapshot_unref(db->current);
    history_free(db->histories.deletions);
    history_free(db->histories.touches);
    plan_free(db->plan);
    lock_clear(&db->writer);
    lock_clear(&db->state);
    g_free(db);
}

const DbSchema *db_schema(const Db *db)
{
    return db->plan->schema;
}

DbBackend db_backend_none(void)
{
    return (DbBackend){
        .name = "none", .load = none_load, .commit = none_commit, .close = none_close};
}

DbSnapshot *db_snapshot(Db *db)
{
    LOCK_GUARD(&db->state);
    return db_snapshot_ref(db->current);
}

DbTxn *db_begin(Db *db)
{
    lock_acquire(&db->writer);
    g_autoptr(DbSnapshot) newest = db_snapshot(db);
    return txn_new(db, db_snapshot_view(newest));
}

bool db_commit(DbTxn *txn, Err **err)
{
    Db *db = txn->db;
    uint64_t durable;
    return publish(txn, &durable, err) && commit_queue_wait(db->queue, durable, err);
}

bool db_sync(Db *db, Err **err)
{
    return commit_queue_wait(db->queue, commit_queue_newest(db->queue), err);
}

void db_commit_async(DbTxn *txn)
{
    uint64_t durable;
    publish(txn, &durable, NULL);
}

void db_abort(DbTxn *txn)
{
    lock_release(&txn->db->writer);
    txn_free(txn);
}

unsigned db_watch(Db *db, DbWatchFunc func, void *user)
{
    return watch_list_add(db->watchers, func, user);
}

void db_unwatch(Db *db, unsigned id)
{
    watch_list_remove(db->watchers, id);
}

/* Everything the backend has, as a first snapshot whose generation is durable. (owned) */
static DbSnapshot *load(const DbPlan *plan, const DbBackend *backend, Err **err)
{
    g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func((GDestroyNotify)object_unref);
    g_autoptr(GHashTable) warned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Loader loader = {.plan = plan, .objects = objects, .warned = warned};
    uint64_t generation;
    if (!backend->load(backend->user, load_row, &loader, &generation, err)) {
        return NULL;
    }
    generation += STORE_RESTART_GAP;
    if (!backend->commit(backend->user, plan->schema, NULL, 0, generation, err)) {
        return NULL;
    }

    DbView view;
    view_init(&view, plan, generation);
    for (unsigned i = 0; i < objects->len; i++) {
        DbObject *object = g_ptr_array_index(objects, i);
        object->modified = generation; /* its volatile fields are */
        view_put(&view, object_ref(object));
    }
    relation_load(&view);
    return view_snapshot_take(&view, NULL);
}

static bool load_row(void *user, const char *class_name, Uuid ref, const char *json, Err **err)
{
    Loader *loader = user;
    int class_id = db_schema_find_class(loader->plan->schema, class_name);
    if (class_id < 0 || !(loader->plan->schema->classes[class_id].flags & DB_CLASS_PERSISTENT)) {
        warn_once(loader,
                  g_strdup_printf("rows of class \"%s\" are skipped: no such class is stored",
                                  class_name));
        return true;
    }
    g_autoptr(Err) cause = NULL;
    loader->class_info = &loader->plan->schema->classes[class_id];
    DbObject *object =
        row_decode(loader->plan, (uint16_t)class_id, ref, json, load_skipped, loader, &cause);
    if (!object) {
        g_autofree char *why = err_to_string(cause);
        return err_internal(err, "the database's row of %s %s cannot be read: %s", class_name,
                            UUID_TEXT(ref), why);
    }
    g_ptr_array_add(loader->objects, object);
    return true;
}

static void load_skipped(void *user, const char *field, const char *why)
{
    Loader *loader = user;
    warn_once(loader, g_strdup_printf("%s.%s is skipped in rows: %s", loader->class_info->name,
                                      field, why));
}

/* Takes `text` over. */
static void warn_once(Loader *loader, char *text)
{
    if (g_hash_table_add(loader->warned, text)) {
        log_warn("%s", text);
    }
}

/* Everything of a commit but the wait. Gives up the writer's turn and frees `txn` in any case.
 * `ret_durable` is the generation that must be durable before anybody is told of success. */
static bool publish(DbTxn *txn, uint64_t *ret_durable, Err **err)
{
    Db *db = txn->db;
    lock_check_held_at_most(1, "db_commit"); /* the writer's turn */
    if (!commit_queue_check(db->queue, err)) {
        db_abort(txn);
        return false;
    }
    g_auto(TxnChanges) changes = {0};
    txn_collect(txn, &changes);
    if (changes.all->len == 0) {
        *ret_durable = commit_queue_newest(db->queue);
        db_abort(txn);
        return true;
    }

    g_autoptr(DbSnapshot) snapshot = view_snapshot_take(&txn->view, &db->histories);
    uint64_t generation = db_view_generation(db_snapshot_view(snapshot));
    bool is_stored = changes.stored->len > 0;
    if (is_stored) {
        commit_queue_push(db->queue, generation, changes.stored);
    }
    history_add(db->histories.deletions, changes.deletions);
    history_add(db->histories.touches, changes.touches);
    replace_current(db, snapshot);
    watch_list_push(db->watchers, snapshot, g_steal_pointer(&changes.all));
    lock_release(&db->writer);
    txn_free(txn);

    watch_list_deliver(db->watchers, generation);
    *ret_durable = is_stored ? generation : 0;
    return true;
}

static void replace_current(Db *db, DbSnapshot *snapshot)
{
    lock_acquire(&db->state);
    DbSnapshot *before = db->current;
    db->current = db_snapshot_ref(snapshot);
    lock_release(&db->state);
    db_snapshot_unref(before);
}

static bool none_load(void *user, DbLoadFunc each, void *each_user, uint64_t *ret_generation,
                      Err **err)
{
    (void)user;
    (void)each;
    (void)each_user;
    (void)err;
    *ret_generation = 0;
    return true;
}

static bool none_commit(void *user, const DbSchema *schema, const DbRow *rows, unsigned count,
                        uint64_t generation, Err **err)
{
    (void)user;
    (void)schema;
    (void)rows;
    (void)count;
    (void)generation;
    (void)err;
    return true;
}

static void none_close(void *user)
{
    (void)user;
}
