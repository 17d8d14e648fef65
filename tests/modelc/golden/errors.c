/* One constructor for every error code, and what is known of each.
 * Generated from the model; do not edit. */
#include "gen/errors.h"

static void set_with_tail(Err **err, const char *file, int line, const char *code,
                          const char *const *params, va_list tail);

static const ErrInfo infos[] = {
    {"LAMPS_IN_USE", "Somebody reads by the light of these lamps.",
     (const char *const[]){"lamp", NULL}, true, 409},
    {"LAMPS_LOST", "These lamps cannot be found.",
     (const char *const[]){NULL}, true, 409},
    {"LAMP_BROKEN", "The lamp does not shine and will not.",
     (const char *const[]){"lamp", "Reason", "default", NULL}, false, 409},
    {"NO_LAMP", "There is no lamp.",
     (const char *const[]){NULL}, false, 404},
};

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

bool err_lamp_broken_at(
    Err **err, const char *file, int line, const char *lamp, const char *reason, const char *default_)
{
    const char *const params[] = {lamp, reason, default_, NULL};
    return err_setv(err, file, line, "LAMP_BROKEN", params);
}

bool err_lamps_in_use_at(
    Err **err, const char *file, int line, const char *lamp, ...)
{
    const char *const params[] = {lamp, NULL};
    va_list tail;
    va_start(tail, lamp);
    set_with_tail(err, file, line, "LAMPS_IN_USE", params, tail);
    va_end(tail);
    return false;
}

bool err_lamps_lost_at(
    Err **err, const char *file, int line, ...)
{
    const char *const params[] = {NULL};
    va_list tail;
    va_start(tail, line);
    set_with_tail(err, file, line, "LAMPS_LOST", params, tail);
    va_end(tail);
    return false;
}

bool err_no_lamp_at(
    Err **err, const char *file, int line)
{
    const char *const params[] = {NULL};
    return err_setv(err, file, line, "NO_LAMP", params);
}
