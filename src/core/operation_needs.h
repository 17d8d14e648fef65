/* What a rule needs of an object beyond its state. */
#pragma once

#include "core/operation_check.h"

/* Those of OperationFlags that are no need, or one that always holds. */
unsigned operation_needs_none(void);
bool operation_needs_check(OperationSubject *subject, const OperationRule *rule, Err **err);
