/* Role checks over the tables generated from the model.  Local root has every role. */
#include "core/rbac.h"

#include "gen/errors.h"

static bool is_allowed(const Call *call, uint8_t roles);
static char *key_permission(const MethodKeyRoles *rule, const MethodInfo *method);
static bool is_rule_of(const MethodKeyRoles *rule, const MethodInfo *method);
static void each_key_permission(const MethodInfo *method,
                                void (*each)(const char *name, uint8_t roles, void *user),
                                void *user);
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
    return rbac_deny(permission, roles, err);
}

bool rbac_check_permission(const Call *call, Permission permission, Err **err)
{
    const PermissionInfo *info = &permission_table[permission];
    return rbac_check_roles(call, info->name, info->roles, err);
}

bool rbac_check_roles(const Call *call, const char *permission, uint8_t roles, Err **err)
{
    return is_allowed(call, roles) || rbac_deny(permission, roles, err);
}

bool rbac_check_keys(const Call *call, const Value *old_map, const Value *new_map, Err **err)
{
    if (call->is_local_superuser || call->is_pool) {
        return true;
    }
    return check_changed_keys(call, old_map, new_map, err) &&
           check_changed_keys(call, new_map, old_map, err);
}

bool rbac_deny(const char *permission, uint8_t roles, Err **err)
{
    g_autofree char *list = rbac_role_list(roles);
    g_autofree char *text =
        g_strdup_printf("No permission in user session. (Roles with this permission: %s)", list);
    return err_rbac_permission_denied(err, permission, text);
}

char *rbac_permission(const MethodInfo *method)
{
    return g_ascii_strdown(method->name, -1);
}

char *rbac_key_permission(const MethodKeyRoles *rule, const MethodInfo *method)
{
    g_autofree char *text = key_permission(rule, method);
    return g_ascii_strdown(text, -1);
}

void rbac_each_permission(void (*each)(const char *name, uint8_t roles, void *user), void *user)
{
    for (size_t i = 0; i < method_count; i++) {
        if (method_table[i].roles && !(method_table[i].flags & METHOD_REMOVED)) {
            each(method_table[i].name, method_table[i].roles, user);
            each_key_permission(&method_table[i], each, user);
        }
    }
    for (size_t i = 0; i < PERMISSION_COUNT; i++) {
        if (permission_table[i].roles) {
            each(permission_table[i].name, permission_table[i].roles, user);
        }
    }
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

/* (owned) */
static char *key_permission(const MethodKeyRoles *rule, const MethodInfo *method)
{
    return g_strdup_printf("%s/key:%s", method->name, rule->key);
}

static bool is_rule_of(const MethodKeyRoles *rule, const MethodInfo *method)
{
    return rule->class_id == method->class_id && rule->field_id == method->field_id;
}

static void each_key_permission(const MethodInfo *method,
                                void (*each)(const char *name, uint8_t roles, void *user),
                                void *user)
{
    bool has_key = method->kind == METHOD_ADD_TO_MAP || method->kind == METHOD_REMOVE_FROM_MAP;
    for (size_t i = 0; has_key && i < method_key_roles_count; i++) {
        if (is_rule_of(&method_key_roles[i], method)) {
            g_autofree char *name = key_permission(&method_key_roles[i], method);
            each(name, method_key_roles[i].roles, user);
        }
    }
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
            return rbac_deny(permission, rule->roles, err);
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
        if (is_rule_of(rule, method) &&
            (prefix ? strncmp(key, rule->key, length - 1) == 0 : strcmp(key, rule->key) == 0)) {
            return rule;
        }
    }
    return NULL;
}
