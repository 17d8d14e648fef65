/* How XenServer's database writes fields: in its dumps, and in records that it keeps inside a
 * field. Pure. */
#pragma once

#include "db/schema.h"

/* A field's name there: fields with a common first word were once one field with parts, and are
 * still called name__label. (owned) */
char *stored_form_name(const char *class_name, const char *field);

/* A value as text: sets and maps become expressions (wire/sexpr.h). (owned) */
char *stored_form_write(const Value *value);
/* The value that a field of this type has when it is written so. (owned) */
Value *stored_form_read(const DbSchema *schema, const DbField *field, const char *text, Err **err);

/* Whether an expression is a pair of words: an entry of a map. */
bool stored_form_is_pair(const Value *value);
