/* core/rbac.c: who may call what, and which keys of maps need less or more than their message. */
#include "core/rbac.h"

/* For methods whose role does not depend on them. */
static Value *const no_args[4];

static Call call_of(const char *method, unsigned roles)
{
    Call call = {.method = method_find(method, strlen(method)), .roles = (uint8_t)roles};
    g_assert_nonnull(call.method);
    return call;
}

static void assert_denied(bool allowed, const Err *err, const char *permission, const char *roles)
{
    g_assert_false(allowed);
    g_assert_true(err_is(err, "RBAC_PERMISSION_DENIED"));
    g_assert_cmpstr(err->params[0], ==, permission);
    g_autofree char *text =
        g_strdup_printf("No permission in user session. (Roles with this permission: %s)", roles);
    g_assert_cmpstr(err->params[1], ==, text);
}

static bool may(const char *method, Role role)
{
    Call call = call_of(method, 1u << role);
    return rbac_check(&call, no_args, NULL);
}

static void test_roles(void)
{
    g_assert_true(may("VM.start", ROLE_POOL_ADMIN));
    g_assert_true(may("VM.start", ROLE_VM_OPERATOR));
    g_assert_false(may("VM.start", ROLE_READ_ONLY));
    g_assert_true(may("VM.get_all", ROLE_READ_ONLY));
    g_assert_false(may("VM.destroy", ROLE_VM_OPERATOR));
    g_assert_true(may("VM.destroy", ROLE_VM_ADMIN));
    g_assert_false(may("host.reboot", ROLE_VM_POWER_ADMIN));
    g_assert_true(may("host.reboot", ROLE_POOL_OPERATOR));
    g_assert_false(may("subject.create", ROLE_POOL_OPERATOR));
    g_assert_true(may("subject.create", ROLE_POOL_ADMIN));
}

static void test_no_role(void)
{
    g_autoptr(Err) err = NULL;
    Call call = call_of("VM.get_all", 0);
    g_assert_false(rbac_check(&call, no_args, &err));
    g_assert_true(err_is(err, "RBAC_PERMISSION_DENIED"));
}

static void test_message(void)
{
    g_autoptr(Err) err = NULL;
    Call call = call_of("VM.start", 1u << ROLE_READ_ONLY);
    bool allowed = rbac_check(&call, no_args, &err);
    assert_denied(allowed, err, "vm.start",
                  "pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator");
}

static void test_roots(void)
{
    Call call = call_of("session.change_password", 0);
    g_assert_cmpuint(call.method->roles, ==, 0);
    for (Role role = 0; role < ROLE_COUNT; role++) {
        g_assert_false(may("session.change_password", role));
    }
    call.is_local_superuser = true;
    g_assert_true(rbac_check(&call, no_args, NULL));
    call.is_local_superuser = false;
    call.is_pool = true;
    g_assert_true(rbac_check(&call, no_args, NULL));
}

/* Every role may do what lesser roles may. */
static void test_roles_are_ordered(void)
{
    static const Role order[] = {ROLE_POOL_ADMIN, ROLE_POOL_OPERATOR, ROLE_VM_POWER_ADMIN,
                                 ROLE_VM_ADMIN,   ROLE_VM_OPERATOR,   ROLE_READ_ONLY};
    for (size_t i = 0; i < method_count; i++) {
        for (size_t j = 1; j < G_N_ELEMENTS(order); j++) {
            bool lesser = method_table[i].roles & (1u << order[j]);
            bool greater = method_table[i].roles & (1u << order[j - 1]);
            if (lesser && !greater) {
                g_error("%s: %s may and %s may not", method_table[i].name, role_names[order[j]],
                        role_names[order[j - 1]]);
            }
        }
    }
}

static Value *map_of(const char *name, const char *value)
{
    Value *map = value_new_struct(1);
    value_struct_add(map, name, value_new_string(value));
    return map;
}

/* Whoever sets a whole map needs the role of each protected key that changes. */
static void test_changed_keys(void)
{
    g_autoptr(Value) none = value_new_struct(0);
    g_autoptr(Value) folder = map_of("folder", "a");
    g_autoptr(Value) other_folder = map_of("folder", "b");
    g_autoptr(Value) free_key = map_of("free", "a");
    Call call = call_of("host.set_other_config", 1u << ROLE_READ_ONLY);
    g_assert_true(rbac_check_keys(&call, none, none, NULL));
    g_assert_true(rbac_check_keys(&call, folder, folder, NULL));
    g_assert_true(rbac_check_keys(&call, none, free_key, NULL));
    g_autoptr(Err) err = NULL;
    bool allowed = rbac_check_keys(&call, none, folder, &err);
    assert_denied(allowed, err, "host.set_other_config/key:folder",
                  "pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator");
    g_autoptr(Value) field = map_of("XenCenter.CustomFields.owner", "me");
    g_autoptr(Err) prefix = NULL;
    allowed = rbac_check_keys(&call, none, field, &prefix);
    assert_denied(allowed, prefix, "host.set_other_config/key:xencenter.customfields.*",
                  "pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator");
    g_assert_false(rbac_check_keys(&call, folder, none, NULL));
    g_assert_false(rbac_check_keys(&call, folder, other_folder, NULL));
    call.roles = 1u << ROLE_VM_OPERATOR;
    g_assert_true(rbac_check_keys(&call, folder, other_folder, NULL));
    call.roles = 0;
    call.is_local_superuser = true;
    g_assert_true(rbac_check_keys(&call, folder, other_folder, NULL));
}

static bool may_touch_key(const char *method, const char *key, Role role, Err **err)
{
    g_autoptr(Value) name = value_new_string(key);
    Value *const args[] = {NULL, name, NULL};
    Call call = call_of(method, 1u << role);
    return rbac_check(&call, args, err);
}

/* A protected key has a role of its own, above or below that of its message. */
static void test_single_keys(void)
{
    g_autoptr(Err) lower = NULL;
    g_autoptr(Err) higher = NULL;
    g_assert_false(may_touch_key("VM.add_to_other_config", "free", ROLE_VM_OPERATOR, NULL));
    g_assert_true(may_touch_key("VM.add_to_other_config", "free", ROLE_VM_ADMIN, NULL));
    g_assert_true(may_touch_key("VM.add_to_other_config", "folder", ROLE_VM_OPERATOR, NULL));
    g_assert_true(may_touch_key("VM.remove_from_other_config", "XenCenter.CustomFields.a",
                                ROLE_VM_OPERATOR, NULL));
    g_assert_false(may_touch_key("VM.add_to_other_config", "Folder", ROLE_VM_OPERATOR, NULL));
    bool allowed = may_touch_key("VM.add_to_other_config", "folder", ROLE_READ_ONLY, &lower);
    assert_denied(allowed, lower, "vm.add_to_other_config/key:folder",
                  "pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator");
    allowed = may_touch_key("VM.remove_from_other_config", "pci", ROLE_POOL_OPERATOR, &higher);
    assert_denied(allowed, higher, "vm.remove_from_other_config/key:pci", "pool-admin");
    g_assert_true(may_touch_key("VM.add_to_other_config", "pci", ROLE_POOL_ADMIN, NULL));
}

static void test_role_list(void)
{
    g_autofree char *all = rbac_role_list(UINT8_MAX);
    g_assert_true(g_str_has_prefix(all, "pool-admin, pool-operator, vm-power-admin, "));
    g_autofree char *none = rbac_role_list(0);
    g_assert_cmpstr(none, ==, "");
    g_autofree char *one = rbac_role_list(1u << ROLE_VM_ADMIN);
    g_assert_cmpstr(one, ==, "vm-admin");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rbac/roles", test_roles);
    g_test_add_func("/rbac/no-role", test_no_role);
    g_test_add_func("/rbac/message", test_message);
    g_test_add_func("/rbac/roots", test_roots);
    g_test_add_func("/rbac/roles-are-ordered", test_roles_are_ordered);
    g_test_add_func("/rbac/changed-keys", test_changed_keys);
    g_test_add_func("/rbac/single-keys", test_single_keys);
    g_test_add_func("/rbac/role-list", test_role_list);
    return g_test_run();
}
