/* Operation locks: what runs on an object, what else may start, and what a client is told about
 * it.  The locks are the current_operations fields; nothing else remembers them. */
#pragma once

#include "core/call.h"
#include "core/operation_check.h"
#include "wire/writer.h"

/* Takes every operation of the call's method on its arguments, all or none.  The order of checks
 * and their errors: blocked_operations, state, current operations, template and snapshot rules. */
bool oplock_take(Call *call, Value *const *args, Err **err);
/* Gives back what this call holds. */
void oplock_release(Call *call, Value *const *args);

/* Takes one operation more for a call that runs, on an object its method does not name. */
bool oplock_take_one(Call *call, uint16_t class_id, Uuid ref, const char *op, Err **err);
void oplock_release_one(Call *call, uint16_t class_id, Uuid ref, const char *op);

/* Takes an operation for what has happened already, like the end of a guest: it asks no rule, only
 * that nothing else is on the object. */
bool oplock_take_alone(Call *call, uint16_t class_id, Uuid ref, const char *op);

/* Whether `op` could start now; the reason in `err`. */
bool oplock_check(const DbView *view, uint16_t class_id, Uuid ref, const char *op, Err **err);

/* Writes the value of allowed_operations. */
void oplock_write_allowed(Writer *writer, OperationSubject *subject);

/* At start: no operation survives its daemon. */
void oplock_recover(Db *db);
