/* Between texts of the command line and values of the API. */
#pragma once

#include "front/cli/cli.h"

/* A scalar as it is shown: floats with three decimals, dates as YYYYMMDDTHH:MM:SSZ. (owned) */
char *cli_value_scalar(const Value *value);

/* Reads `text` as `type`: sizes for integers, uuids for references, a,b,c for sets,
 * enum literals in any case, also as `texts` (may be NULL) show them.  `what` names the value.
 * Fails with CLI_FAILURE or what a look-up fails with. (owned) */
Value *cli_value_parse(Cli *cli, const TypeInfo *type, const CliText *texts, const char *text,
                       const char *what, Err **err);

/* The name of a class of the model. */
const char *cli_value_class_name(const TypeInfo *ref_type);
