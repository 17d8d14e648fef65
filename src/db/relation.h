/* Keeping relations true while a transaction writes: a derived set is at all times the refs of
 * the objects whose ref field points here, and the two sides of a many-to-many relation agree. */
#pragma once

#include "db/txn.h"

/* The field changed from `before` to `after`: changes the sets on the other side. */
void relation_update(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id,
                     const Value *before, const Value *after);
/* `object` is about to be removed: takes it out of every set it is listed in. */
void relation_detach(DbTxn *txn, const DbObject *object);
/* `object` was removed: who still points to it is remembered in its ghost. */
void relation_bequeath(DbView *view, const DbObject *object);
/* `object` is about to be put in: takes over the sets of its ghost. */
void relation_adopt(DbView *view, DbObject *object);
/* Fills the derived sets of a view that was just loaded, and completes many-to-many ones. */
void relation_load(DbView *view);
