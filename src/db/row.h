/* The JSON text of one object, as backends keep it: an object with a member for each stored
 * field in wire form, and ROW_CREATED. */
#pragma once

#include "db/object.h"

/* The generation the object was created in; no field can have this name. */
#define ROW_CREATED "$created"

/* Whether an object with `value` in that field makes a row that row_decode() can read: texts are
 * UTF-8 without NUL, no map has a key twice, and there are not too many values in all. */
bool row_can_hold(const DbObject *object, uint16_t field_id, const Value *value);

char *row_encode(const DbPlan *plan, const DbObject *object); /* (owned) */

/* Reads a row back into a version that is modified at generation 0.  Fields without a member get
 * their default.  A member that no stored field has, or with a value its field cannot have, is
 * skipped and told to `skipped` with the reason.  Fails when the text is no JSON object. (owned) */
DbObject *row_decode(const DbPlan *plan, uint16_t class_id, Uuid ref, const char *json,
                     void (*skipped)(void *user, const char *field, const char *why), void *user,
                     Err **err);
