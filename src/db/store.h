/* The object store: every object in memory, immutable versions, durable by a backend.
 *
 * Readers take a snapshot (a reference-counted view that never changes) and no lock.
 * Writers run one at a time in a DbTxn; committing publishes a new snapshot and returns when
 * the backend made it durable; commits that wait together are flushed together.
 *
 * Relations: writing a ref field updates the derived set on the other object in the same
 * transaction, and deleting an object removes it from the sets of others.  Dangling refs stay,
 * as XenAPI has them. */
#pragma once

#include "base/op.h"
#include "db/schema.h"
#include "wire/form.h"

typedef struct Db Db;
typedef struct DbView DbView; /* what can be read: a snapshot or a transaction */
typedef struct DbSnapshot DbSnapshot;
typedef struct DbTxn DbTxn;
typedef struct DbObject DbObject; /* one immutable version of one object */

/* Where commits go. One row is one object: class, ref and a JSON text of its stored fields. */
typedef struct DbRow {
    uint16_t class_id;
    Uuid ref;
    const char *json; /* NULL: the row is deleted */
} DbRow;

typedef bool (*DbLoadFunc)(void *user, const char *class_name, Uuid ref, const char *json,
                           Err **err);

typedef struct DbBackend {
    const char *name;
    void *user;
    /* Calls `each` for every stored row. Runs once, before anything else. */
    bool (*load)(void *user, DbLoadFunc each, void *each_user, uint64_t *ret_generation, Err **err);
    /* Makes `rows` and the generation durable as one unit; on failure nothing of them is. Called
     * by one thread at a time: db_open(), later the commit thread. */
    bool (*commit)(void *user, const DbSchema *schema, const DbRow *rows, unsigned count,
                   uint64_t generation, Err **err);
    void (*close)(void *user);
} DbBackend;

/* Reads everything through `backend` (copied; closed by db_close(), or here on failure). Unknown
 * classes and fields in rows are dropped with a warning, missing fields get their defaults; a row
 * that cannot be read at all fails. Generations go on above every one that was ever published. */
Db *db_open(const DbSchema *schema, const DbBackend *backend, Err **err);
void db_close(Db *db); /* flushes; every snapshot was given back before */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_close)
const DbSchema *db_schema(const Db *db);

/* A backend that keeps nothing, and the sqlite one (db/sqlite.c: one file, WAL, synchronous). */
DbBackend db_backend_none(void);
bool db_backend_sqlite(const char *path, DbBackend *ret_backend, Err **err);

/* Writes everything that is stored of a snapshot into an empty backend (closed here in any case),
 * as one unit. */
bool db_export(const DbSnapshot *snapshot, const DbBackend *backend, Err **err);

/* Snapshots */
DbSnapshot *db_snapshot(Db *db); /* the newest published one (owned) */
DbSnapshot *db_snapshot_ref(DbSnapshot *snapshot);
void db_snapshot_unref(DbSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbSnapshot, db_snapshot_unref)
const DbView *db_snapshot_view(const DbSnapshot *snapshot); /* (borrowed) */

/* Reading. Everything returned is (borrowed) from the view, and for a transaction only until
 * its next write to that object. */
const DbSchema *db_view_schema(const DbView *view);
uint64_t db_view_generation(const DbView *view); /* a transaction's: what it would publish */
const DbObject *db_find(const DbView *view, uint16_t class_id, Uuid ref); /* NULL when gone */
const DbObject *db_find_by_uuid(const DbView *view, uint16_t class_id, Uuid uuid);
unsigned db_count(const DbView *view, uint16_t class_id);
/* The same for the objects of which a field with DB_FIELD_SPARSE is not at its default.  Such a
 * field is hardly ever: to look for those few is to look at nothing. */
const DbObject *db_find_sparse(const DbView *view, uint16_t class_id, Uuid ref, uint16_t field_id);
unsigned db_count_sparse(const DbView *view, uint16_t class_id, uint16_t field_id);
/* Calls `each` for every object of the class until it returns false; order is not defined but
 * stable for a view. */
void db_each(const DbView *view, uint16_t class_id,
             bool (*each)(const DbObject *object, void *user), void *user);
/* All refs of a class, as an array of Uuid. (owned) */
GArray *db_refs(const DbView *view, uint16_t class_id);

Uuid db_object_ref_id(const DbObject *object);
uint16_t db_object_class(const DbObject *object);
Value *db_object_get(const DbObject *object, uint16_t field_id); /* never NULL */
uint64_t db_object_created(const DbObject *object);              /* generation */
uint64_t db_object_modified(const DbObject *object);             /* generation */
/* The record of get_record: every field that is neither internal nor removed.  `other` (taken over)
 * stands in place of the object's own value of `other_field`; NULL: all are the object's. (owned)
 */
Value *db_object_record(const DbSchema *schema, const DbObject *object, uint16_t other_field,
                        Value *other);
/* The same as one value of an encoding, many times faster; `write` appends that of `other_field`.
 */
typedef void (*DbFieldWriter)(GString *out, void *user);
void db_append_record(GString *out, const WireForm *form, const DbView *view,
                      const DbObject *object, uint16_t other_field, DbFieldWriter write,
                      void *user);
/* How long that was for this version, without what `write` appended; 0: it was not written yet. All
 * who write records of a class leave the same field to `write`. */
size_t db_record_length(const DbObject *object, const WireForm *form);
/* The value of one field; the type's empty value when the object is gone. (borrowed) */
Value *db_get(const DbView *view, uint16_t class_id, Uuid ref, uint16_t field_id);

/* Writing. db_begin() waits for the writer before; keep transactions short, do no I/O in them,
 * never nest them.  Exactly one of commit and abort ends one. */
DbTxn *db_begin(Db *db);
const DbView *db_txn_view(DbTxn *txn);
/* Creates an object with `ref`, which no object of the class has, fields at their defaults and
 * `uuid` set when the class has one. */
void db_create(DbTxn *txn, uint16_t class_id, Uuid ref, Uuid uuid);
/* Takes `value` over.  It must have the field's form (type_coerce), its texts must be UTF-8, and
 * an object must not have more than about 150,000 values in all; else nothing is set and
 * g_critical() tells of a bug. Equal values change nothing. An object that is gone is left alone.
 */
void db_set(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, Value *value);
void db_map_set(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, const char *key,
                Value *item /* NULL removes; taken over */);
void db_set_add(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, Value *item);
void db_set_remove(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, const Value *item);
void db_delete(DbTxn *txn, uint16_t class_id, Uuid ref);
/* Marks the object as modified though nothing changed (event.inject). */
void db_touch(DbTxn *txn, uint16_t class_id, Uuid ref);
/* Publishes, then waits until durable. Changes of volatile fields alone are not waited for; when
 * nothing changed, nothing is published, and what the transaction saw is durable on return.
 * False: the backend failed, the log has the reason. Memory has the change of a transaction that
 * was under way then; every later one is refused, and the daemon must stop. Frees `txn`. The
 * caller holds no lock. */
bool db_commit(DbTxn *txn, Err **err);
/* Waits until everything that was published is durable.  False as with db_commit(). */
bool db_sync(Db *db, Err **err);
/* Publishes and does not wait; for changes nobody was promised. Frees `txn`. */
void db_commit_async(DbTxn *txn);
void db_abort(DbTxn *txn);

/* Watching: `func` runs after each publication, on a committing thread, outside every lock, in
 * generation order, and before the commit that published returns. It must be short; it may commit
 * itself, which is told after it returns. db_unwatch() waits until it does not run, and after that
 * it never does. */
typedef enum DbChangeKind { DB_ADDED, DB_MODIFIED, DB_DELETED } DbChangeKind;
typedef struct DbChange {
    DbChangeKind kind;
    uint16_t class_id;
    Uuid ref;
    const DbObject *object; /* the new version; NULL when deleted */
} DbChange;
typedef void (*DbWatchFunc)(void *user, DbSnapshot *snapshot, const DbChange *changes,
                            unsigned count);
unsigned db_watch(Db *db, DbWatchFunc func, void *user);
void db_unwatch(Db *db, unsigned id);

/* What changed of classes with DB_CLASS_EVENTS after `generation` and up to the snapshot, newest
 * last; `ret_complete` is false when some was already forgotten: so many are kept, none over a
 * restart. */
enum { DB_MAX_DELETIONS = 10000, DB_MAX_CHANGES = 5000 };
typedef struct DbDeletion {
    uint64_t deleted, created; /* generations */
    Uuid ref;
    Uuid uuid; /* null when the class has none */
    uint16_t class_id;
} DbDeletion;
/* Array of DbDeletion. (owned) */
GArray *db_deletions_since(const DbSnapshot *snapshot, uint64_t generation, bool *ret_complete);
/* An addition or a modification; the last one of an object has its db_object_modified(). */
typedef struct DbTouch {
    uint64_t generation;
    Uuid ref;
    uint16_t class_id;
} DbTouch;
/* Array of DbTouch. (owned) */
GArray *db_touches_since(const DbSnapshot *snapshot, uint64_t generation, bool *ret_complete);
