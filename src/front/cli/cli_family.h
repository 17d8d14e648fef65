/* The generated commands: <family>-list, -param-list, -param-get, -param-set, -param-add,
 * -param-remove and -param-clear. */
#pragma once

#include "front/cli/cli.h"

typedef enum CliVerb {
    CLI_VERB_LIST,
    CLI_VERB_PARAM_LIST,
    CLI_VERB_PARAM_GET,
    CLI_VERB_PARAM_SET,
    CLI_VERB_PARAM_ADD,
    CLI_VERB_PARAM_REMOVE,
    CLI_VERB_PARAM_CLEAR,
    CLI_VERB_COUNT,
} CliVerb;

/* Splits a command name; false when no family has it, or its fields do not allow the verb. */
bool cli_family_find(const char *command, const CliFamily **ret_family, CliVerb *ret_verb);
bool cli_family_has(const CliFamily *family, CliVerb verb);
char *cli_family_command(const CliFamily *family, CliVerb verb); /* its name (owned) */
const char *const *cli_family_required(CliVerb verb);            /* parameters */

bool cli_family_run(Cli *cli, const CliFamily *family, CliVerb verb, Err **err);
