/* References and uuids are the MD5 of the name, the same on every server: clients know those of the
 * roles by heart. */
#include "ops/role/role_startup.h"

#include "core/rbac.h"
#include "gen/db_role.h"

typedef struct Roles {
    DbTxn *txn;
    Value *permissions[ROLE_COUNT];
} Roles;

static void add_permission(const char *name, uint8_t roles, void *user);
static void write_role(DbTxn *txn, int index, Value *permissions);

bool role_startup(Db *db, Err **err)
{
    Roles all = {.txn = db_begin(db)};
    for (int role = 0; role < ROLE_COUNT; role++) {
        all.permissions[role] = value_new_array(0);
    }
    rbac_each_permission(add_permission, &all);
    for (int role = 0; role < ROLE_COUNT; role++) {
        write_role(all.txn, role, all.permissions[role]);
    }
    return db_commit(all.txn, err);
}

static void add_permission(const char *name, uint8_t roles, void *user)
{
    Roles *all = user;
    RoleRef permission = {uuid_from_md5(name)};
    g_autofree char *label = g_ascii_strdown(name, -1);
    db_create(all->txn, CLASS_ROLE, permission.id, permission.id);
    db_role_set_name_label(all->txn, permission, label);
    db_role_set_name_description(all->txn, permission, "A basic permission");
    db_role_set_is_internal(all->txn, permission, true);
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (roles & (1 << role)) {
            value_array_add(all->permissions[role], value_new_ref(permission.id));
        }
    }
}

static void write_role(DbTxn *txn, int index, Value *permissions)
{
    RoleRef role = {uuid_from_md5(role_names[index])};
    db_create(txn, CLASS_ROLE, role.id, role.id);
    db_role_set_name_label(txn, role, role_names[index]);
    db_role_set_name_description(txn, role, role_docs[index]);
    db_role_set_is_internal(txn, role, index == ROLE_CLIENT_CERT);
    db_role_set_subroles(txn, role, permissions);
}
