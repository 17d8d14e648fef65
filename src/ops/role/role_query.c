/* Questions about roles.  Each role lists all its permissions itself, so nothing needs to be
 * followed further; a permission is a role without subroles. */
#include "ops/role/role_query.h"

#include "gen/db_role.h"
#include "gen/errors.h"
#include "gen/ops_role.h"

static bool check_role(const DbView *view, RoleRef role, Err **err);
static RoleRef find_permission(const DbView *view, const char *name);
static Value *roles_with(const DbView *view, RoleRef permission);

bool role_get_permissions(Call *call, const RoleGetPermissionsArgs *args, Value **ret_result,
                          Err **err)
{
    const DbView *view = call_view(call);
    if (!check_role(view, args->self, err)) {
        return false;
    }
    *ret_result = value_ref((Value *)db_role_subroles(view, args->self));
    return true;
}

bool role_get_permissions_name_label(Call *call, const RoleGetPermissionsNameLabelArgs *args,
                                     Value **ret_result, Err **err)
{
    const DbView *view = call_view(call);
    if (!check_role(view, args->self, err)) {
        return false;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Value *names = value_new_array(db_role_subroles_count(view, args->self));
    role_query_add_names(view, args->self, seen, names);
    *ret_result = names;
    return true;
}

bool role_get_by_permission(Call *call, const RoleGetByPermissionArgs *args, Value **ret_result,
                            Err **err)
{
    const DbView *view = call_view(call);
    if (!check_role(view, args->permission, err)) {
        return false;
    }
    *ret_result = roles_with(view, args->permission);
    return true;
}

bool role_get_by_permission_name_label(Call *call, const RoleGetByPermissionNameLabelArgs *args,
                                       Value **ret_result, Err **err)
{
    (void)err;
    const DbView *view = call_view(call);
    *ret_result = roles_with(view, find_permission(view, args->label));
    return true;
}

void role_query_add_names(const DbView *view, RoleRef role, GHashTable *seen, Value *names)
{
    for (unsigned i = 0; i < db_role_subroles_count(view, role); i++) {
        const char *name = db_role_name_label(view, db_role_subroles_at(view, role, i));
        if (g_hash_table_add(seen, (gpointer)name)) {
            value_array_add(names, value_new_string(name));
        }
    }
}

static bool check_role(const DbView *view, RoleRef role, Err **err)
{
    return db_role_exists(view, role) || err_handle_invalid(err, "role", REF_TEXT(role.id));
}

/* The null reference when there is none; roles_with() then finds nothing. */
static RoleRef find_permission(const DbView *view, const char *name)
{
    g_autoptr(GArray) roles = db_role_all(view);
    for (guint i = 0; i < roles->len; i++) {
        RoleRef role = g_array_index(roles, RoleRef, i);
        if (db_role_subroles_count(view, role) == 0 &&
            strcmp(db_role_name_label(view, role), name) == 0) {
            return role;
        }
    }
    return (RoleRef){{{0}}};
}

/* (owned) */
static Value *roles_with(const DbView *view, RoleRef permission)
{
    Value *found = value_new_array(0);
    g_autoptr(GArray) roles = db_role_all(view);
    for (guint i = 0; i < roles->len; i++) {
        RoleRef role = g_array_index(roles, RoleRef, i);
        for (unsigned j = 0; j < db_role_subroles_count(view, role); j++) {
            if (role_ref_equal(db_role_subroles_at(view, role, j), permission)) {
                value_array_add(found, value_new_ref(role.id));
                break;
            }
        }
    }
    return found;
}
