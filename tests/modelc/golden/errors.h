/* Every error of the XenAPI as a function; the compiler counts the parameters, which are
 * evaluated only when somebody wants the error.
 * Generated from the model; do not edit. */
#pragma once

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

/* LAMP_BROKEN [lamp, Reason, default]: The lamp does not shine and will not. */
bool err_lamp_broken_at(
    Err **err, const char *file, int line, const char *lamp, const char *reason, const char *default_);
#define err_lamp_broken(err, ...) \
    err_told(err_wanted(err) && err_lamp_broken_at((err), __FILE__, __LINE__, __VA_ARGS__))

/* LAMPS_IN_USE [lamp, ...]: Somebody reads by the light of these lamps. */
bool err_lamps_in_use_at(
    Err **err, const char *file, int line, const char *lamp, ...)
    G_GNUC_NULL_TERMINATED;
#define err_lamps_in_use(err, ...) \
    err_told(err_wanted(err) && err_lamps_in_use_at((err), __FILE__, __LINE__, ##__VA_ARGS__, NULL))

/* LAMPS_LOST [...]: These lamps cannot be found. */
bool err_lamps_lost_at(
    Err **err, const char *file, int line, ...)
    G_GNUC_NULL_TERMINATED;
#define err_lamps_lost(err, ...) \
    err_told(err_wanted(err) && err_lamps_lost_at((err), __FILE__, __LINE__, ##__VA_ARGS__, NULL))

/* NO_LAMP []: There is no lamp. */
bool err_no_lamp_at(
    Err **err, const char *file, int line);
#define err_no_lamp(err) err_no_lamp_at((err), __FILE__, __LINE__)
