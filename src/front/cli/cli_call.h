/* Commands that are one message each: the tables say which, and with what. */
#pragma once

#include "front/cli/cli_select.h"

/* Runs `command` (one with a `message`), for each selected object when it has selectors. */
bool cli_call_run(Cli *cli, const CliCommand *command, Err **err);

/* Prints the result of a message: references as uuids, sets as lines, maps as a record. */
bool cli_call_show(Cli *cli, const TypeInfo *type, const Value *result, Err **err);
