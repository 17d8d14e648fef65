/* What a user of a directory may do here: the subjects that stand for the user or a group of
 * theirs, and the roles of those together. */
#pragma once

#include "core/directory.h"
#include "core/method.h"
#include "db/store.h"

typedef struct Membership {
    uint8_t roles; /* bit 1 << Role; 0: none */
    Uuid subject;  /* ref of the user's own, else of the first group's; null: there is none */
} Membership;

/* The identifiers that a subject may have to stand for this user: the user's own and those of the
 * groups. NULL-terminated. (owned) */
char **membership_identifiers(const Directory *directory, const char *sid, Err **err);

Membership membership_of(const DbView *view, char *const *identifiers);

/* Who gives a name and a password: who that is in the directory, with what membership_of() says.
 * SESSION_AUTHENTICATION_FAILED or RBAC_PERMISSION_DENIED when they may not log in. (all owned) */
typedef struct MembershipLogin {
    char *sid;
    char *name; /* as the directory writes it */
    char **identifiers;
    Membership membership;
} MembershipLogin;
void membership_login_clear(MembershipLogin *login);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MembershipLogin, membership_login_clear)
bool membership_log_in(const Directory *directory, Auth *auth, Op *op, Db *db, const char *user,
                       const char *password, MembershipLogin *ret_login, Err **err);

/* The names of all permissions that these roles give, and of the roles, for
 * session.rbac_permissions. (owned) */
Value *membership_permissions(uint8_t roles);
