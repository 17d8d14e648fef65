/* The records a command looks at, each fetched once: whole classes for lists, single objects
 * otherwise. */
#pragma once

#include "front/cli/cli.h"

/* With `is_bulk` a class that is asked for one object is fetched as a whole. */
CliObjects *cli_objects_new(Cli *cli, bool is_bulk);
void cli_objects_free(CliObjects *objects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliObjects, cli_objects_free)

Cli *cli_objects_cli(CliObjects *objects);

/* NULL when there is no such object, or the user may not see it. (borrowed) */
const Value *cli_objects_find(CliObjects *objects, const char *class_name, Uuid ref);

/* One row of a list. */
typedef struct CliRow {
    Uuid ref;
    const Value *record; /* (borrowed) from the objects */
} CliRow;

/* Every object of a class, or those `query` (may be NULL) holds for. (owned) */
GArray *cli_objects_all(CliObjects *objects, const char *class_name, const char *query, Err **err);
