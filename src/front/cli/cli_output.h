/* What a command prints.  Tables, lists and remarks obey --minimal, which keeps only values and
 * prints them on one line in the end; the rest goes out as it is. */
#pragma once

#include "front/cli/cli.h"

/* A record to print: names and values in turn, char * (owned by it). */
GPtrArray *cli_output_row_new(void);
void cli_output_row_add(GPtrArray *row, const char *name, const char *value);

/* `rows`: GPtrArray of rows. With --minimal the first value of each. */
void cli_output_table(Cli *cli, GPtrArray *rows);
void cli_output_list(Cli *cli, const char *const *items);
void cli_output_item(Cli *cli, const char *item);   /* a list of one */
void cli_output_remark(Cli *cli, const char *text); /* nothing with --minimal */

void cli_output_print(Cli *cli, const char *fmt, ...) G_GNUC_PRINTF(2, 3);  /* a line */
void cli_output_stderr(Cli *cli, const char *fmt, ...) G_GNUC_PRINTF(2, 3); /* no newline added */
void cli_output_error(Cli *cli, const char *code, const char *const *params);

/* Prints what --minimal collected. */
void cli_output_finish(Cli *cli);
/* Sends what waits; false when xe is gone. */
bool cli_output_flush(Cli *cli);
