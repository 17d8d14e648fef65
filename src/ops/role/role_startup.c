/* References and uuids are the MD5 of the name, the same on every server: clients know those of the
 * roles by heart. */
#include "ops/role/role_startup.h"

#include "core/rbac.h"
#include "gen/db_role.h"

static Uuid write_permission(DbTxn *txn, const MethodInfo *method);
static void write_role(DbTxn *txn, int role, Value *permissions);

bool role_startup(Db *db, Err **err)
{
    Value *permissions[ROLE_COUNT];
    for (int role = 0; role < ROLE_COUNT; role++) {
        permissions[role] = value_new_array(0);
    }
    DbTxn *txn = db_begin(db);
    for (size_t i = 0; i < method_count; i++) {
        const MethodInfo *method = &method_table[i];
        if ((method->flags & METHOD_REMOVED) || method->roles == 0) {
            continue;
        }
        Uuid permission = write_permission(txn, method);
        for (int role = 0; role < ROLE_COUNT; role++) {
            if (method->roles & (1 << role)) {
                value_array_add(permissions[role], value_new_ref(permission));
            }
        }
    }
    for (int role = 0; role < ROLE_COUNT; role++) {
        write_role(txn, role, permissions[role]);
    }
    return db_commit(txn, err);
}

static Uuid write_permission(DbTxn *txn, const MethodInfo *method)
{
    RoleRef permission = {uuid_from_md5(method->name)};
    g_autofree char *name = rbac_permission(method);
    db_create(txn, CLASS_ROLE, permission.id, permission.id);
    db_role_set_name_label(txn, permission, name);
    db_role_set_name_description(txn, permission, "A basic permission");
    db_role_set_is_internal(txn, permission, true);
    return permission.id;
}

static void write_role(DbTxn *txn, int index, Value *permissions)
{
    RoleRef role = {uuid_from_md5(role_names[index])};
    db_create(txn, CLASS_ROLE, role.id, role.id);
    db_role_set_name_label(txn, role, role_names[index]);
    db_role_set_name_description(txn, role, "");
    db_role_set_is_internal(txn, role, index == ROLE_CLIENT_CERT);
    db_role_set_subroles(txn, role, permissions);
}
