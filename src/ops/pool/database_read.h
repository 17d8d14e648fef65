/* Reading the database's XML (ops/pool/database_dump.h) into a database of its own, piece by piece
 * as it comes.  Tables and columns that this version does not know are left out; what it knows has
 * to be right. */
#pragma once

#include "db/store.h"

typedef struct DatabaseReader DatabaseReader;

enum { DATABASE_MAX_ROWS = 1000000 };

DatabaseReader *database_reader_new(const DbSchema *schema);
/* RESTORE_INCOMPATIBLE_VERSION when the dump has another form, else INTERNAL_ERROR. */
bool database_reader_feed(DatabaseReader *reader, const char *data, size_t length, Err **err);
/* What was read, when it was a whole document. (owned) */
Db *database_reader_end(DatabaseReader *reader, Err **err);
void database_reader_free(DatabaseReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DatabaseReader, database_reader_free)
