/* The constructor of CLI_FAILURE; cli_error.c shows it. */
#include "front/cli/cli_fail.h"

bool cli_fail(Err **err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, args);
    va_end(args);
    return err_set(err, "CLI_FAILURE", text);
}
