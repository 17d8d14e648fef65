/* References as users know them: "<uuid> (<name>)". */
#pragma once

#include "front/cli/cli.h"

/* `text`, or what describes the object when it is a reference. The class called `class_name` (NULL:
 * unknown; case does not matter) is asked first. (owned) */
char *cli_describe_ref(Cli *cli, const char *text, const char *class_name);

/* As cli_describe_ref() for a parameter of an error, whose class mostly follows from the error.
 * (owned) */
char *cli_describe_param(Cli *cli, const Err *error, unsigned index);
