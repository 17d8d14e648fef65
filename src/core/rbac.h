/* The role check: which role a call needs, and the error when the session has none of them. */
#pragma once

#include "core/call.h"

/* RBAC_PERMISSION_DENIED [permission, text] unless a role of the call allows its method.  What
 * adds or removes a protected key of a map needs the role of that key instead. */
bool rbac_check(const Call *call, Value *const *args, Err **err);

/* The same for a permission that is not a message's own: `roles` have it. */
bool rbac_check_permission(const Call *call, const char *permission, uint8_t roles, Err **err);

/* For a whole map that is set: also the protected keys among those that differ. */
bool rbac_check_keys(const Call *call, const Value *old_map, const Value *new_map, Err **err);

/* The permission's name: the method in lower case. (owned) */
char *rbac_permission(const MethodInfo *method);

/* The name of the permission to give a protected key to `method`. (owned) */
char *rbac_key_permission(const MethodKeyRoles *rule, const MethodInfo *method);

/* "pool-admin, pool-operator, ...", the roles in `roles`. (owned) */
char *rbac_role_list(uint8_t roles);
