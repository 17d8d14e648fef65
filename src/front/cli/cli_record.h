/* The fields of a record as the user sees them. */
#pragma once

#include "front/cli/cli.h"
#include "front/cli/cli_objects.h"

/* What stands for a reference that leads nowhere. */
#define CLI_RECORD_NOWHERE "<not in database>"

/* The value of one field: one item for a scalar, many for a set, and a key for each for a map. */
typedef struct CliCell {
    bool is_set, is_map;
    GPtrArray *items; /* char * */
    GPtrArray *keys;  /* char *; of a map */
} CliCell;

void cli_cell_clear(CliCell *cell);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliCell, cli_cell_clear)

CliCell cli_record_cell(CliObjects *objects, const CliField *field, const CliRow *row);
/* The whole cell as one text. (owned) */
char *cli_record_text(CliObjects *objects, const CliField *field, const CliRow *row);
const char *cli_cell_lookup(const CliCell *cell, const char *key); /* of a map; NULL when absent */

const CliField *cli_record_find_field(const CliRecord *record, const char *name);
/* "name ( RW)" and the like. (owned) */
char *cli_record_decorate(const CliField *field);
bool cli_record_is_map_writable(const CliField *field);

/* A row for cli_output_table() of the fields in `names` (NULL-terminated; NULL: all that are not
 * hidden), in the record's order. `is_list`: expensive fields are not computed. (owned) */
GPtrArray *cli_record_row(CliObjects *objects, const CliRecord *record, const CliRow *row,
                          const char *const *names, bool is_list);

/* Prints the objects of a set of references: the fields named by the parameter `param` (NULL: none
 * says) or `columns` (NULL: all). */
void cli_record_show_all(Cli *cli, const CliRecord *record, const Value *refs, const char *param,
                         const char *const *columns);
/* The same of one object. */
void cli_record_show(Cli *cli, const CliRecord *record, Uuid ref, const char *param,
                     const char *const *columns);
