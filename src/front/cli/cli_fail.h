/* Failures of the command line that are no errors of the API. */
#pragma once

#include "base/err.h"

/* Sets CLI_FAILURE, which the user sees as "Error: <text>". Returns false. */
bool cli_fail(Err **err, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
