/* Role checks over the tables generated from the model.  Local root has every role. */
#include "core/rbac.h"

#include "gen/errors.h"

static bool is_allowed(const Call *call, uint8_t roles);
static bool deny(const char *permission, uint8_t roles, Err **err);
static const MethodKeyRoles *find_key_roles(const MethodInfo *method, const char *key);
static bool check_changed_keys(const Call *call, const Value *from, const Value *to, Err **err);

bool rbac_check(const Call *call, Err **err)
{
    if (is_allowed(call, call->method->roles)) {
        return true;
    }
    g_autofree char *permission = rbac_permission(call->method);
    return deny(permission, call->method->roles, err);
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
            g_autofree char *method = rbac_permission(call->method);
            g_autofree char *lower = g_ascii_strdown(rule->key, -1);
            g_autofree char *permission = g_strdup_printf("%s/key:%s", method, lower);
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
            (prefix ? g_ascii_strncasecmp(key, rule->key, length - 1) == 0
                    : g_ascii_strcasecmp(key, rule->key) == 0)) {
            return rule;
        }
    }
    return NULL;
}
