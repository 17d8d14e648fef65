/* What a rule needs of an object beyond its state. */
#pragma once

#include "core/operation.h"
#include "db/store.h"

bool operation_needs_check(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);
