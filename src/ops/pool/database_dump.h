/* The database as the XML text that XenServer's tools make of theirs; see docs/internals/files.md.
 */
#pragma once

#include "db/store.h"

/* The form of the database that clients are told of: that of 6.2. */
#define DATABASE_SCHEMA_MAJOR "5"
#define DATABASE_SCHEMA_MINOR "67"

/* The pieces of a dump in their order: the head, a table for each class, the tail. */
void database_dump_head(GString *out, const DbView *view);
void database_dump_table(GString *out, const DbView *view, uint16_t class_id);
void database_dump_tail(GString *out);

/* Whether a field has a column: what is derived or does not survive a restart has none. */
bool database_dump_has_field(const DbField *field);

/* A value as an attribute holds it, before XML's own escapes. (owned) */
char *database_dump_value(const Value *value);
