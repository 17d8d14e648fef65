/* Objects as clients see them: the stored fields plus those that are worked out when read. */
#pragma once

#include "db/store.h"

/* One field as get_<field> answers it. (owned) */
Value *record_field(const DbView *view, const DbObject *object, uint16_t field_id);

/* The whole record, as get_record and events carry it. (owned) */
Value *record_of(const DbView *view, const DbObject *object);

/* As record_of() and json_append(), without the tree between them: for answers of many records. */
void record_append_json(GString *out, const DbView *view, const DbObject *object);

/* What a constructor takes from the record a client gave: every constructor field that is in it.
 * INTERNAL_ERROR naming the member when one without a default is missing. */
bool record_check_new(const DbSchema *schema, uint16_t class_id, const Value *record, Err **err);
void record_write_new(DbTxn *txn, uint16_t class_id, Uuid ref, const Value *record);
