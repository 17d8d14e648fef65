/* `xe help`: usage, lists of commands, and what one command takes. */
#pragma once

#include "front/cli/cli.h"

void cli_help_run(Cli *cli);

/* Commands by name; binary search. NULL when unknown or generated. */
const CliCommand *cli_help_find_command(const char *name);
