/* The messages every class has without anybody writing them: getters, setters, get_all,
 * records, look-ups, and create and destroy of classes that are only rows. */
#pragma once

#include "core/call.h"

/* Runs `call->method`, which is not METHOD_EXPLICIT and has no code of its own. `args` are coerced.
 */
bool implicit_run(Call *call, Value *const *args, Value **ret_result, Err **err);

/* A call that writes a field and does nothing else. */
typedef struct ImplicitWrite {
    Call *call;
    Value *const *args; /* coerced */
} ImplicitWrite;

/* All in one transaction, or none. */
bool implicit_write_all(Db *db, const ImplicitWrite *writes, unsigned count, Err **err);
