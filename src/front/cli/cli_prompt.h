/* Asking the user. */
#pragma once

#include "front/cli/cli.h"

/* Asks for "yes" after what was printed. `ret_agreed` is the answer; without one it fails. */
bool cli_prompt_confirm(Cli *cli, bool *ret_agreed, Err **err);

/* Shows `warnings` (NULL-terminated) and asks, unless --force was given. */
bool cli_prompt_warn(Cli *cli, const char *const *warnings, bool *ret_agreed, Err **err);
