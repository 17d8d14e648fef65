/* What tests say of calls that must succeed. */
#pragma once

#include "base/err.h"

/* The call comes first: arguments of a function may be evaluated in any order. */
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        bool assert_done = (call);                                                                 \
        assert_no_error(assert_done, err);                                                         \
    } while (0)

static inline void assert_no_error(bool done, const Err *err)
{
    if (!done) {
        g_autofree char *why = err ? err_to_string(err) : g_strdup("no reason given");
        g_error("%s", why);
    }
    g_assert_null(err);
}
