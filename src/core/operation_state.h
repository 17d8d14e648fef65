/* The state of an object that rules ask for: power state, attachment, reachability. */
#pragma once

#include "core/operation_check.h"

/* A bit as OperationRule.states has them, of an appliance several or none; 0 for a class without
 * states. */
unsigned operation_state_of(const DbView *view, const DbObject *object);

/* The first error a client gets when the object's state does not allow the operation. */
bool operation_state_check(const OperationSubject *subject, const OperationRule *rule, Err **err);
