/* Failures of the command line, and how they and those of the API are told to the user.
 *
 * Besides API errors, an Err here may have one of these codes:
 *   CLI_FAILURE [text]      "Error: <text>"
 *   CLI_SYNTAX [text]       the arguments cannot be parsed
 *   CLI_UNKNOWN [command]   no such command
 *   CLI_REQUIRED [param]    a required parameter is missing
 *   CLI_NO_FIELD [field]    a field that is asked for is not there
 *   CLI_MULTIPLE []         some of several objects failed; cli->failures says which
 *   CLI_EXIT []             the user knows already */
#pragma once

#include "base/err.h"

typedef struct Cli Cli;

/* Tells the user, on standard error. */
void cli_error_report(Cli *cli, const Err *error);

/* One text for all of it, as --multiple shows the failure of one object. (owned) */
char *cli_error_text(Cli *cli, const Err *error);
