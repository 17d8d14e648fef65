/* Objects as clients see them: the stored fields plus those that are worked out when read. */
#pragma once

#include "core/operation_check.h"
#include "wire/writer.h"

/* One field as get_<field> answers it. (owned) */
Value *record_field(const DbView *view, const DbObject *object, uint16_t field_id);

/* The whole record, as get_record and events carry it. (owned) */
Value *record_of(const DbView *view, const DbObject *object);

/* Many records of one view, each written as one value.  What is in it is record.c's. */
typedef struct RecordWriter {
    OperationSubject subject;
} RecordWriter;
void record_writer_init(RecordWriter *records, const DbView *view);
void record_write(RecordWriter *records, Writer *writer, const DbObject *object);

/* What a constructor takes from the record a client gave: every constructor field that is in it.
 * INTERNAL_ERROR naming the member when one without a default is missing. */
bool record_check_new(const DbSchema *schema, uint16_t class_id, const Value *record, Err **err);
void record_write_new(DbTxn *txn, uint16_t class_id, Uuid ref, const Value *record);
