/* Errors as the XenAPI knows them: a code and its string parameters.
 *
 * Rules (the whole project follows them):
 *  - a function that can fail takes `Err **err` last and returns false or NULL;
 *  - on failure `*err` is set exactly once and every other output is untouched;
 *  - `err` may be NULL when the caller does not care why;
 *  - the one who handles an error logs it, nobody on the way does.
 *
 * Constructors for every code, with their parameter counts checked by the
 * compiler, are generated into gen/errors.h from model/errors.model.
 */
#pragma once

#include <glib.h>
#include <stdarg.h>
#include <stdbool.h>

typedef struct Err {
    char *code;       /* e.g. "VM_BAD_POWER_STATE" */
    char **params;    /* NULL-terminated, never NULL itself; always valid UTF-8 */
    const char *file; /* where it was first set, for the log only */
    int line;
} Err;

void err_free(Err *err);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Err, err_free)

/* What the generated constructors are made of: their parameters are evaluated only when the caller
 * cares why.  Functions, for compilers warn of `&error && ...`, and of values that nobody uses. */
static inline bool err_wanted(Err **err)
{
    return err != NULL;
}

static inline bool err_told(bool result)
{
    return result;
}

/* Sets `*err` to `code` with the parameters that follow, ended by NULL.
 * Returns false always, so `return err_set(...)` is the usual call. */
#define err_set(err, ...) err_set_at((err), __FILE__, __LINE__, __VA_ARGS__, NULL)
bool err_set_at(Err **err, const char *file, int line, const char *code,
                ...) G_GNUC_NULL_TERMINATED;

/* As err_set(), with the parameters in a NULL-terminated vector. */
bool err_setv(Err **err, const char *file, int line, const char *code, const char *const *params);

/* INTERNAL_ERROR with one formatted text.  Say what was tried and on what. */
#define err_internal(err, ...) err_internal_at((err), __FILE__, __LINE__, __VA_ARGS__)
bool err_internal_at(Err **err, const char *file, int line, const char *fmt, ...)
    G_GNUC_PRINTF(4, 5);

/* INTERNAL_ERROR "<formatted text>: <strerror(errnum)>". */
#define err_errno(err, errnum, ...) err_errno_at((err), __FILE__, __LINE__, (errnum), __VA_ARGS__)
bool err_errno_at(Err **err, const char *file, int line, int errnum, const char *fmt, ...)
    G_GNUC_PRINTF(5, 6);

/* Hands `src` (owned) over to `*dst`; frees it when `dst` is NULL.  Returns false. */
bool err_propagate(Err **dst, Err *src);

bool err_is(const Err *err, const char *code);
Err *err_copy(const Err *err);

/* "CODE: [ p1; p2 ]", the form of logs and of the audit trail.  (owned) */
char *err_to_string(const Err *err);
