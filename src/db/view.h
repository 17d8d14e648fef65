/* What can be read: for each class the objects and an index by uuid.  A view is the content of a
 * snapshot, which never changes, or of a transaction, which one thread changes.
 *
 * Ghosts keep the relations exact: when a ref points to an object that is not there, the set it
 * would be listed in lives in a ghost, an object nobody can find, until the object is created
 * (and takes the set over) or the last such ref is gone. */
#pragma once

#include "db/history.h"
#include "db/object.h"
#include "db/pmap.h"

typedef struct ViewTable {
    Pmap objects; /* by ref */
    Pmap by_uuid; /* the same versions; empty for classes without a uuid */
    Pmap ghosts;  /* by ref; only the cells of relations mean something */
} ViewTable;

struct DbView {
    const DbPlan *plan;  /* (borrowed) */
    uint64_t generation; /* of a snapshot: its own; of a transaction: the one it would publish */
    ViewTable *tables;   /* by class */
    /* For each sparse field of the plan, by ref, the versions that have not its default. */
    Pmap *sparse;
};

typedef struct DbHistories {
    History *deletions, *touches;
} DbHistories;

struct DbSnapshot {
    gint refs; /* atomic */
    DbView view;
    const DbHistories *histories; /* the database's (borrowed) */
};

/* A snapshot of what `view` holds; `view` is empty after it. (owned) */
DbSnapshot *view_snapshot_take(DbView *view, const DbHistories *histories);

void view_init(DbView *view, const DbPlan *plan, uint64_t generation); /* no objects */
void view_init_copy(DbView *view, const DbView *from, uint64_t generation);
void view_clear(DbView *view);

/* The rest changes `view`.  A version whose `modified` is the view's generation was made in this
 * view and is private to it. */

/* The version to write to: private, in the view. NULL when there is no such object. (borrowed) */
DbObject *view_draft(DbView *view, uint16_t class_id, Uuid ref);
/* The same for the other side of a relation: when there is no such object, its ghost. */
DbObject *view_draft_or_ghost(DbView *view, uint16_t class_id, Uuid ref);
/* Drops the ghost when its sets are empty. */
void view_tidy_ghost(DbView *view, uint16_t class_id, Uuid ref);
/* Puts `object` (taken over) in, in place of the version or the ghost that was there. */
void view_put(DbView *view, DbObject *object);
void view_remove(DbView *view, uint16_t class_id, Uuid ref);
/* Sets a cell of a draft and keeps the uuid index. Takes `value` over. */
void view_set(DbView *view, DbObject *draft, uint16_t field_id, Value *value);
