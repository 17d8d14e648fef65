/* Building, copying and printing errors.  The list of codes is not here: it is the model's,
 * and its constructors are generated. */
#include "base/err.h"

#include <string.h>

static bool err_take(Err **err, const char *file, int line, const char *code, char **params);
static bool err_take_internal(Err **err, const char *file, int line, char *text);
static void err_make_valid(char **params);

void err_free(Err *err)
{
    if (!err) {
        return;
    }
    g_free(err->code);
    g_strfreev(err->params);
    g_free(err);
}

bool err_set_at(Err **err, const char *file, int line, const char *code, ...)
{
    if (!err) {
        return false;
    }
    g_autoptr(GPtrArray) params = g_ptr_array_new();
    va_list args;
    va_start(args, code);
    for (const char *param = va_arg(args, const char *); param;
         param = va_arg(args, const char *)) {
        g_ptr_array_add(params, g_strdup(param));
    }
    va_end(args);
    g_ptr_array_add(params, NULL);
    return err_take(err, file, line, code, (char **)g_ptr_array_steal(params, NULL));
}

bool err_setv(Err **err, const char *file, int line, const char *code, const char *const *params)
{
    return err_take(err, file, line, code, g_strdupv((char **)params));
}

bool err_internal_at(Err **err, const char *file, int line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = g_strdup_vprintf(fmt, args);
    va_end(args);
    return err_take_internal(err, file, line, text);
}

bool err_errno_at(Err **err, const char *file, int line, int errnum, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *what = g_strdup_vprintf(fmt, args);
    va_end(args);
    return err_take_internal(err, file, line, g_strdup_printf("%s: %s", what, g_strerror(errnum)));
}

bool err_propagate(Err **dst, Err *src)
{
    g_assert(src);
    if (dst) {
        g_assert(!*dst);
        *dst = src;
    } else {
        err_free(src);
    }
    return false;
}

bool err_is(const Err *err, const char *code)
{
    return err && strcmp(err->code, code) == 0;
}

Err *err_copy(const Err *err)
{
    Err *copy = g_new0(Err, 1);
    *copy = (Err){.code = g_strdup(err->code),
                  .params = g_strdupv(err->params),
                  .file = err->file,
                  .line = err->line};
    return copy;
}

char *err_to_string(const Err *err)
{
    g_autofree char *params = g_strjoinv("; ", err->params);
    return g_strdup_printf("%s: [ %s ]", err->code, params);
}

static bool err_take(Err **err, const char *file, int line, const char *code, char **params)
{
    if (!err) {
        g_strfreev(params);
        return false;
    }
    g_assert(!*err);
    err_make_valid(params);
    *err = g_new0(Err, 1);
    **err = (Err){.code = g_strdup(code), .params = params, .file = file, .line = line};
    return false;
}

static bool err_take_internal(Err **err, const char *file, int line, char *text)
{
    char **params = g_new0(char *, 2);
    params[0] = text;
    return err_take(err, file, line, "INTERNAL_ERROR", params);
}

/* Parameters quote file names, output of programs and input that was refused; a reply must stay
 * UTF-8 whatever is in them. */
static void err_make_valid(char **params)
{
    for (; *params; params++) {
        if (!g_utf8_validate(*params, -1, NULL)) {
            char *invalid = *params;
            *params = g_utf8_make_valid(invalid, -1);
            g_free(invalid);
        }
    }
}
