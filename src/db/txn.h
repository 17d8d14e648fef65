/* A transaction: a private view to write to, and the memory of which objects it touched.
 * Taking the writer's turn and publishing are the matter of store.c. */
#pragma once

#include "db/view.h"

struct DbTxn {
    Db *db;
    DbView view;
    GHashTable *touched; /* ObjectKey -> TxnTouch (txn.c) */
    GPtrArray *order;    /* the same touches, in the order of the first writes (borrowed) */
};

/* What a transaction did in the end. The objects belong to its view. */
typedef struct TxnChanges {
    GArray *all;       /* DbChange, in the order of the first writes */
    GArray *stored;    /* DbChange: those of `all` that the disk has to know */
    GArray *deletions; /* DbDeletion, of classes with events */
    GArray *touches;   /* DbTouch, the same */
} TxnChanges;

DbTxn *txn_new(Db *db, const DbView *newest); /* (owned) */
void txn_free(DbTxn *txn);

/* Sums up, and puts the old version back where a draft ended up equal to it. */
void txn_collect(DbTxn *txn, TxnChanges *ret_changes);
void txn_changes_clear(TxnChanges *changes);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TxnChanges, txn_changes_clear)

/* For relation.c: as view_draft_or_ghost(), remembering that the object was touched. */
DbObject *txn_draft_or_ghost(DbTxn *txn, uint16_t class_id, Uuid ref);
