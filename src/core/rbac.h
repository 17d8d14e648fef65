/* The role check: which role a call needs, and the error when the session has none of them. */
#pragma once

#include "core/call.h"
#include "core/permission.h"

/* RBAC_PERMISSION_DENIED [permission, text] unless a role of the call allows its method.  What
 * adds or removes a protected key of a map needs the role of that key instead. */
bool rbac_check(const Call *call, Value *const *args, Err **err);

/* The same for a permission that is no message's. */
bool rbac_check_permission(const Call *call, Permission permission, Err **err);

/* The same for one that follows from a parameter: only `roles` have it. */
bool rbac_check_roles(const Call *call, const char *permission, uint8_t roles, Err **err);

/* For a whole map that is set: also the protected keys among those that differ. */
bool rbac_check_keys(const Call *call, const Value *old_map, const Value *new_map, Err **err);

/* RBAC_PERMISSION_DENIED for a permission, by its name, that only `roles` have. */
bool rbac_deny(const char *permission, uint8_t roles, Err **err);

/* The permission's name: the method in lower case. (owned) */
char *rbac_permission(const MethodInfo *method);

/* The name of the permission to give a protected key to `method`. (owned) */
char *rbac_key_permission(const MethodKeyRoles *rule, const MethodInfo *method);

/* Calls `each` for every permission there is: of messages, of protected keys, and those that are
 * no message's.  `name` is as it was before it became lower case. */
void rbac_each_permission(void (*each)(const char *name, uint8_t roles, void *user), void *user);

/* "pool-admin, pool-operator, ...", the roles in `roles`. (owned) */
char *rbac_role_list(uint8_t roles);
