/* The state of an object that rules ask for: power state, attachment, reachability. */
#pragma once

#include "core/operation.h"
#include "db/store.h"

/* The first error a client gets when the object's state does not allow the operation. */
bool operation_state_check(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);
