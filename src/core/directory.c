/* Users and groups of the system.  NSS may ask servers, so what is here may take its time; no lock
 * is held around it. */
#include "core/directory.h"

#include "base/text.h"
#include "gen/errors.h"

#include <grp.h>
#include <pwd.h>
#include <shadow.h>

enum {
    RECORD_SIZE = 256 * 1024, /* of what NSS tells of one user or group, with its members */
    MAX_GROUPS = 1024,
    DAY_SECONDS = 86400,
};

static char *find(const char *name, Err **err);
static Value *describe(const char *identifier, Err **err);
static char **groups(const char *identifier, Err **err);
static Value *describe_user(const struct passwd *user);
static Value *describe_group(const struct group *group);
static bool parse_identifier(const char *identifier, char *ret_kind, uint32_t *ret_number);
static void add_text(Value *map, const char *name, const char *text);

const Directory directory_nss = {
    .type = "PAM",
    .authenticate = auth_check_pam,
    .find = find,
    .describe = describe,
    .groups = groups,
};

const Directory *directory_of_type(const char *type)
{
    return strcmp(type, directory_nss.type) == 0 ? &directory_nss : NULL;
}

bool directory_is_suspended(const Value *description)
{
    static const char *const keys[] = {"subject-account-disabled", "subject-account-expired",
                                       "subject-account-locked", "subject-password-expired"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!text_equal(value_get_string(description, keys[i]), "false")) {
            return true;
        }
    }
    return false;
}

static char *find(const char *name, Err **err)
{
    g_autofree char *buffer = g_malloc(RECORD_SIZE);
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;
    getpwnam_r(name, &user, buffer, RECORD_SIZE, &found_user);
    if (found_user) {
        return g_strdup_printf("u%u", user.pw_uid);
    }
    getgrnam_r(name, &group, buffer, RECORD_SIZE, &found_group);
    if (found_group) {
        return g_strdup_printf("g%u", group.gr_gid);
    }
    err_subject_cannot_be_resolved(err);
    return NULL;
}

static Value *describe(const char *identifier, Err **err)
{
    g_autofree char *buffer = g_malloc(RECORD_SIZE);
    char kind;
    uint32_t number;
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;
    if (parse_identifier(identifier, &kind, &number)) {
        if (kind == 'u') {
            getpwuid_r(number, &user, buffer, RECORD_SIZE, &found_user);
        } else {
            getgrgid_r(number, &group, buffer, RECORD_SIZE, &found_group);
        }
    }
    if (!found_user && !found_group) {
        err_subject_cannot_be_resolved(err);
        return NULL;
    }
    return found_user ? describe_user(&user) : describe_group(&group);
}

static char **groups(const char *identifier, Err **err)
{
    g_autoptr(Value) known = describe(identifier, err);
    if (!known) {
        return NULL;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (identifier[0] == 'g') {
        g_ptr_array_add(names, g_strdup(identifier));
    } else {
        uint64_t primary = 0;
        int count = MAX_GROUPS;
        g_autofree gid_t *found = g_new0(gid_t, MAX_GROUPS);
        text_parse_uint(value_get_string(known, "subject-gid") + 1, UINT32_MAX, &primary);
        if (getgrouplist(value_get_string(known, "subject-name"), (gid_t)primary, found, &count) <
            0) {
            err_auth_service_error(err, "The user is in too many groups");
            return NULL;
        }
        for (int i = 0; i < count; i++) {
            g_ptr_array_add(names, g_strdup_printf("g%u", found[i]));
        }
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

/* Only the shadow entry tells of a locked account; behind SSSD there is none, and PAM decides. */
static Value *describe_user(const struct passwd *user)
{
    g_autofree char *buffer = g_malloc(RECORD_SIZE);
    g_autofree char *uid = g_strdup_printf("u%u", user->pw_uid);
    g_autofree char *gid = g_strdup_printf("g%u", user->pw_gid);
    struct spwd shadow, *found = NULL;
    getspnam_r(user->pw_name, &shadow, buffer, RECORD_SIZE, &found);
    long today = (long)(g_get_real_time() / USEC_PER_SEC / DAY_SECONDS);
    bool is_locked = found && shadow.sp_pwdp && shadow.sp_pwdp[0] == '!';
    bool is_expired = found && shadow.sp_expire >= 0 && shadow.sp_expire < today;
    Value *map = value_new_struct(12);
    add_text(map, "subject-name", user->pw_name);
    add_text(map, "subject-uid", uid);
    add_text(map, "subject-gid", gid);
    add_text(map, "subject-sid", uid);
    add_text(map, "subject-gecos", user->pw_gecos);
    add_text(map, "subject-displayname",
             user->pw_gecos && *user->pw_gecos ? user->pw_gecos : user->pw_name);
    add_text(map, "subject-is-group", "false");
    add_text(map, "subject-account-disabled", "false");
    add_text(map, "subject-account-expired", is_expired ? "true" : "false");
    add_text(map, "subject-account-locked", is_locked ? "true" : "false");
    add_text(map, "subject-password-expired", "false");
    return map;
}

static Value *describe_group(const struct group *group)
{
    g_autofree char *gid = g_strdup_printf("g%u", group->gr_gid);
    Value *map = value_new_struct(5);
    add_text(map, "subject-name", group->gr_name);
    add_text(map, "subject-uid", gid);
    add_text(map, "subject-gid", gid);
    add_text(map, "subject-sid", gid);
    add_text(map, "subject-is-group", "true");
    return map;
}

static bool parse_identifier(const char *identifier, char *ret_kind, uint32_t *ret_number)
{
    uint64_t number;
    if ((identifier[0] != 'u' && identifier[0] != 'g') ||
        !text_parse_uint(identifier + 1, UINT32_MAX, &number)) {
        return false;
    }
    *ret_kind = identifier[0];
    *ret_number = (uint32_t)number;
    return true;
}

/* The system's files may hold any bytes. */
static void add_text(Value *map, const char *name, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    value_struct_add(map, name, value_new_string(valid));
}
