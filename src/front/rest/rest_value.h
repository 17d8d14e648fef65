/* Values in the form of the REST face: references are uuids, dates RFC 3339. */
#pragma once

#include "db/store.h"

/* A failure of this front's own, which is no error of the XenAPI: a status and a text.  False. */
#define rest_fail(err, ...) rest_fail_at((err), __FILE__, __LINE__, __VA_ARGS__)
bool rest_fail_at(Err **err, const char *file, int line, int status, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
/* The status of such a failure; 0 for any other error. */
int rest_failure_status(const Err *error);

/* The object with this uuid or reference; UUID_INVALID or HANDLE_INVALID when there is none. */
bool rest_id_find(const DbView *view, uint16_t class_id, const char *id, Uuid *ret_ref, Err **err);

/* A uuid as text, nil for no object or one that is gone. (owned) */
Value *rest_id_value(const DbView *view, uint16_t class_id, Uuid ref);

/* What a call answered, as JSON will have it. (owned) */
Value *rest_value_encode(const DbView *view, const TypeInfo *type, const Value *value);
/* The same of a record, with only the members in `fields` unless that is NULL. (owned) */
Value *rest_record_encode(const DbView *view, uint16_t class_id, const Value *record,
                          char *const *fields);

/* What a client sent, as a call takes it; `what` names it when it is of a wrong type. (owned) */
Value *rest_value_decode(const DbView *view, const TypeInfo *type, Value *value, const char *what,
                         Err **err);
