/* From a user of a directory to roles.  The errors and their order are XenServer 6.2's. */
#include "core/membership.h"

#include "core/rbac.h"
#include "gen/db_subject.h"
#include "gen/errors.h"

static bool fill(const Directory *directory, Db *db, const char *user, MembershipLogin *login,
                 Err **err);
static bool refuse(const char *user, const char *why, const Err *cause, Err **err);
static uint8_t roles_of(const DbView *view, SubjectRef subject);

char **membership_identifiers(const Directory *directory, const char *sid, Err **err)
{
    g_auto(GStrv) groups = directory->groups(sid, err);
    if (!groups) {
        return NULL;
    }
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, g_strdup(sid));
    for (char **group = groups; *group; group++) {
        if (strcmp(*group, sid) != 0) {
            g_ptr_array_add(all, g_strdup(*group));
        }
    }
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&all), FALSE);
}

Membership membership_of(const DbView *view, char *const *identifiers)
{
    Membership membership = {0};
    g_autoptr(GArray) subjects = db_subject_all(view);
    for (; *identifiers; identifiers++) {
        for (guint i = 0; i < subjects->len; i++) {
            SubjectRef subject = g_array_index(subjects, SubjectRef, i);
            if (strcmp(db_subject_subject_identifier(view, subject), *identifiers) == 0) {
                membership.roles |= roles_of(view, subject);
                if (uuid_is_null(membership.subject)) {
                    membership.subject = subject.id;
                }
            }
        }
    }
    return membership;
}

bool membership_log_in(const Directory *directory, Auth *auth, Op *op, Db *db, const char *user,
                       const char *password, MembershipLogin *ret_login, Err **err)
{
    g_auto(MembershipLogin) login = {0};
    if (!directory->authenticate(auth, op, user, password, err) ||
        !fill(directory, db, user, &login, err)) {
        return false;
    }
    *ret_login = login;
    login = (MembershipLogin){0};
    return true;
}

void membership_login_clear(MembershipLogin *login)
{
    g_free(login->sid);
    g_free(login->name);
    g_strfreev(login->identifiers);
}

typedef struct PermissionList {
    uint8_t roles;
    Value *names;
} PermissionList;

static void add_permission(const char *name, uint8_t roles, void *user)
{
    PermissionList *list = user;
    if (roles & list->roles) {
        g_autofree char *lower = g_ascii_strdown(name, -1);
        value_array_add(list->names, value_new_string(lower));
    }
}

Value *membership_permissions(uint8_t roles)
{
    PermissionList list = {roles, value_new_array(0)};
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (roles & (1 << role)) {
            value_array_add(list.names, value_new_string(role_names[role]));
        }
    }
    rbac_each_permission(add_permission, &list);
    return list.names;
}

static bool fill(const Directory *directory, Db *db, const char *user, MembershipLogin *login,
                 Err **err)
{
    g_autoptr(Err) cause = NULL;
    login->sid = directory->find(user, &cause);
    g_autoptr(Value) known = login->sid ? directory->describe(login->sid, &cause) : NULL;
    login->identifiers = known ? membership_identifiers(directory, login->sid, &cause) : NULL;
    if (!login->identifiers) {
        return refuse(user, "the directory does not tell who that is", cause, err);
    }
    if (strlen(login->sid) > AUTH_MAX_SID) {
        return refuse(user, "the directory's identifier is too long", NULL, err);
    }
    if (directory_is_suspended(known)) {
        return refuse(user, "the account is suspended in the directory", NULL, err);
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    login->name = g_strdup(value_get_string(known, "subject-name"));
    login->membership = membership_of(db_snapshot_view(snapshot), login->identifiers);
    if (uuid_is_null(login->membership.subject)) {
        return refuse(user, "no subject gives access to this pool", NULL, err);
    }
    if (login->membership.roles == 0) {
        g_autofree char *text = g_strdup_printf(
            "Subject %s (identifier %s) has no roles in this pool", user, login->sid);
        return err_rbac_permission_denied(err, "session.login_with_password", text);
    }
    return true;
}

static bool refuse(const char *user, const char *why, const Err *cause, Err **err)
{
    g_autofree char *detail = cause ? err_to_string(cause) : NULL;
    g_autofree char *text = detail ? g_strdup_printf("%s: %s", why, detail) : g_strdup(why);
    return err_session_authentication_failed(err, user, text);
}

/* A reference to a role is the sum of its name. */
static uint8_t roles_of(const DbView *view, SubjectRef subject)
{
    uint8_t roles = 0;
    for (unsigned i = 0; i < db_subject_roles_count(view, subject); i++) {
        RoleRef given = db_subject_roles_at(view, subject, i);
        for (int role = 0; role < ROLE_COUNT; role++) {
            if (uuid_equal(given.id, uuid_from_md5(role_names[role]))) {
                roles |= (uint8_t)(1 << role);
            }
        }
    }
    return roles;
}
