/* Failures of storage drivers; see sr_fail.h. */
#include "storage/sr_fail.h"

#include <errno.h>

static bool set_fail(Err **err, SrFail code, const char *text);

bool sr_fail(Err **err, SrFail code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, args);
    va_end(args);
    return set_fail(err, code, text);
}

bool sr_fail_errno(Err **err, SrFail code, int errnum, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *what = g_strdup_vprintf(fmt, args);
    va_end(args);
    g_autofree char *text = g_strdup_printf("%s: %s", what, g_strerror(errnum));
    bool full = errnum == ENOSPC || errnum == EDQUOT;
    return set_fail(err, full ? SR_FAIL_NO_SPACE : code, text);
}

static bool set_fail(Err **err, SrFail code, const char *text)
{
    g_autofree char *name = g_strdup_printf("SR_BACKEND_FAILURE_%d", (int)code);
    return err_set(err, name, "", text, "");
}
