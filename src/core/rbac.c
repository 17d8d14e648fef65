/* Role checks over the tables generated from the model.  Local root has every role. */
#include "core/rbac.h"

#include "gen/errors.h"

static bool is_allowed(const Call *call, uint8_t roles);
static bool deny(const char *permission, uint8_t roles, Err **err);
static const MethodKeyRoles *find_key_roles(const MethodInfo *method, const char *key);
static bool check_changed_keys(const Call *call, const Value *from, const Value *to, Err **err);

bool rbac_check(const Call *call, Value *const *args, Err **err)
{
    const MethodInfo *method = call->method;
    bool has_key = method->kind == METHOD_ADD_TO_MAP || method->kind == METHOD_REMOVE_FROM_MAP;
    const MethodKeyRoles *rule = has_key ? find_key_roles(method, value_string(args[1])) : NULL;
    uint8_t roles = rule ? rule->roles : method->roles;
    if (is_allowed(call, roles)) {
        return true;
    }
    g_autofree char *permission =
        rule ? rbac_key_permission(rule, method) : rbac_permission(method);
    return deny(permission, roles, err);
}

bool rbac_check_permission(const Call *call, const char *permission, uint8_t roles, Err **err)
{
    return is_allowed(call, roles) || deny(permission, roles, err);
}

bool rbac_check_keys(const Call *call, const Value *old_map, const Value *new_map, Err **err)
{
    if (call->is_local_superuser || call->is_pool) {
        return true;
    }
    return check_changed_keys(call, old_map, new_map, err) &&
           check_changed_keys(call, new_map, old_map, err);
}

char *rbac_permission(const MethodInfo *method)
{
    return g_ascii_strdown(method->name, -1);
}

char *rbac_key_permission(const MethodKeyRoles *rule, const MethodInfo *method)
{
    g_autofree char *text = g_strdup_printf("%s/key:%s", method->name, rule->key);
    return g_ascii_strdown(text, -1);
}

char *rbac_role_list(uint8_t roles)
{
    GString *list = g_string_new(NULL);
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (roles & (1 << role)) {
            g_string_append_printf(list, "%s%s", list->len ? ", " : "", role_names[role]);
        }
    }
    return g_string_free(list, FALSE);
}

static bool is_allowed(const Call *call, uint8_t roles)
{
    return call->is_local_superuser || call->is_pool || (call->roles & roles);
}

static bool deny(const char *permission, uint8_t roles, Err **err)
{
    g_autofree char *list = rbac_role_list(roles);
    g_autofree char *text =
        g_strdup_printf("No permission in user session. (Roles with this permission: %s)", list);
    return err_rbac_permission_denied(err, permission, text);
}

/* Checks each key of `from` that `to` lacks or holds with another value. */
static bool check_changed_keys(const Call *call, const Value *from, const Value *to, Err **err)
{
    for (unsigned i = 0; i < value_count(from); i++) {
        const char *key = value_name_at(from, i);
        Value *other = value_get(to, key);
        if (other && value_equal(other, value_at(from, i))) {
            continue;
        }
        const MethodKeyRoles *rule = find_key_roles(call->method, key);
        if (rule && !(call->roles & rule->roles)) {
            g_autofree char *permission = rbac_key_permission(rule, call->method);
            return deny(permission, rule->roles, err);
        }
    }
    return true;
}

static const MethodKeyRoles *find_key_roles(const MethodInfo *method, const char *key)
{
    for (size_t i = 0; i < method_key_roles_count; i++) {
        const MethodKeyRoles *rule = &method_key_roles[i];
        size_t length = strlen(rule->key);
        bool prefix = length > 0 && rule->key[length - 1] == '*';
        if (rule->class_id == method->class_id && rule->field_id == method->field_id &&
            (prefix ? strncmp(key, rule->key, length - 1) == 0 : strcmp(key, rule->key) == 0)) {
            return rule;
        }
    }
    return NULL;
}
