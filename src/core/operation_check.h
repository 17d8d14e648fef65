/* Whether a rule of the model lets its operation start on an object as it is now. */
#pragma once

#include "core/operation.h"
#include "db/store.h"

/* The checks in their order: blocked by the administrator, state, other operations, kind of VM,
 * what else the rule needs.  The first that fails names the error. */
bool operation_check(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);

/* NULL when the class has no such operation. */
const OperationRule *operation_find_rule(uint16_t class_id, const char *op);

/* The field current_operations of a class; -1 when it has none. */
int operation_current_field(const DbSchema *schema, uint16_t class_id);
