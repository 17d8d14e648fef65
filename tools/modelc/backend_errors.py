"""gen/errors.h and gen/errors.c: one constructor for every error code."""

from cnames import banner, lower, quote


def signature(error):
    params = ''.join(f', const char *{lower(p)}' for p in error.params)
    tail = ', ...' if error.variadic else ''
    name = f'err_{error.name.lower()}_at'
    return f'bool {name}(\n    Err **err, const char *file, int line{params}{tail})'


def declare(error):
    name = f'err_{error.name.lower()}'
    shown = ', '.join(list(error.params) + (['...'] if error.variadic else []))
    text = f'/* {error.name} [{shown}]: {error.doc} */\n'
    text += signature(error) + ('\n    G_GNUC_NULL_TERMINATED;\n' if error.variadic else ';\n')
    place = '(err), __FILE__, __LINE__'
    wanted = 'err_told(err_wanted(err) && '
    if error.variadic:
        text += f'#define {name}(err, ...) \\\n    {wanted}{name}_at({place}, ##__VA_ARGS__, NULL))\n'
    elif error.params:
        text += f'#define {name}(err, ...) \\\n    {wanted}{name}_at({place}, __VA_ARGS__))\n'
    else:
        text += f'#define {name}(err) {name}_at({place})\n'
    return text


def define(error):
    code = quote(error.name)
    params = ', '.join([lower(p) for p in error.params] + ['NULL'])
    text = signature(error) + '\n{\n'
    if error.variadic:
        last = lower(error.params[-1]) if error.params else 'line'
        text += f'    const char *const params[] = {{{params}}};\n'
        text += f'    va_list tail;\n    va_start(tail, {last});\n'
        text += f'    set_with_tail(err, file, line, {code}, params, tail);\n'
        text += '    va_end(tail);\n    return false;\n}\n'
    else:
        text += f'    const char *const params[] = {{{params}}};\n'
        text += f'    return err_setv(err, file, line, {code}, params);\n}}\n'
    return text


HEADER = '''#pragma once

#include "base/err.h"

/* What is known of a code of the model. */
typedef struct ErrInfo {
    const char *code;
    const char *description;   /* one sentence */
    const char *const *params; /* names, NULL-terminated */
    bool variadic;             /* more parameters may follow */
    int status;                /* of HTTP, where an API is HTTP's own */
} ErrInfo;

const ErrInfo *err_info(const char *code); /* NULL when unknown */
const char *const *err_param_names(const char *code); /* NULL-terminated; NULL when unknown */
const char *err_description(const char *code); /* NULL when unknown */

'''

LOOKUP = '''
static int compare_code(const void *code, const void *info)
{
    return strcmp(code, ((const ErrInfo *)info)->code);
}

const ErrInfo *err_info(const char *code)
{
    return bsearch(code, infos, G_N_ELEMENTS(infos), sizeof infos[0], compare_code);
}

const char *const *err_param_names(const char *code)
{
    const ErrInfo *info = err_info(code);
    return info ? info->params : NULL;
}

const char *err_description(const char *code)
{
    const ErrInfo *info = err_info(code);
    return info ? info->description : NULL;
}

static void set_with_tail(Err **err, const char *file, int line, const char *code,
                          const char *const *params, va_list tail)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    while (*params) {
        g_ptr_array_add(all, (gpointer)*params++);
    }
    for (const char *next = va_arg(tail, const char *); next; next = va_arg(tail, const char *)) {
        g_ptr_array_add(all, (gpointer)next);
    }
    g_ptr_array_add(all, NULL);
    err_setv(err, file, line, code, (const char *const *)all->pdata);
}

'''


def source(errors):
    text = banner('One constructor for every error code, and what is known of each.')
    text += '#include "gen/errors.h"\n\n'
    if any(e.variadic for e in errors):
        text += ('static void set_with_tail(Err **err, const char *file, int line, '
                 'const char *code,\n                          const char *const *params, '
                 'va_list tail);\n\n')
    text += 'static const ErrInfo infos[] = {\n'
    for error in sorted(errors, key=lambda e: e.name):
        names = ', '.join([quote(p) for p in error.params] + ['NULL'])
        text += f'    {{{quote(error.name)}, {quote(error.doc)},\n'
        text += f'     (const char *const[]){{{names}}}, {str(error.variadic).lower()}, {error.status}}},\n'
    text += '};\n'
    lookup = LOOKUP if any(e.variadic for e in errors) else LOOKUP.split('static void set_')[0]
    return text + lookup + '\n'.join(define(e) for e in errors)


def generate(model):
    header = banner('Every error of the XenAPI as a function; the compiler counts the parameters, which are\n'
                    ' * evaluated only when somebody wants the error.')
    header += HEADER + '\n'.join(declare(e) for e in model.errors)
    return {'errors.h': header, 'errors.c': source(model.errors)}
