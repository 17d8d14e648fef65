/* Who may log in: local accounts with yescrypt hashes in a file of the daemon's own, then PAM.
 * What somebody may do is core/session.h's matter. */
#pragma once

#include "base/op.h"

typedef struct Auth Auth;

/* `accounts_path`: lines "name:hash"; need not exist yet. `pam_service` may be NULL or "". */
Auth *auth_new(const char *accounts_path, const char *pam_service);
void auth_free(Auth *auth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Auth, auth_free)

/* SESSION_AUTHENTICATION_FAILED [user, reason] unless the password is right. An account of the
 * file is never asked of PAM. At most AUTH_MAX_PARALLEL checks run at a time; the rest wait. */
enum { AUTH_MAX_PARALLEL = 8, AUTH_MAX_PASSWORD = 1024, AUTH_MAX_USER = 256, AUTH_MAX_SID = 128 };
bool auth_check(Auth *auth, Op *op, const char *user, const char *password, Err **err);
/* The same by PAM alone. */
bool auth_check_pam(Auth *auth, Op *op, const char *user, const char *password, Err **err);
/* Whether the file has an account of this name. */
bool auth_has_account(Auth *auth, const char *user);

/* Makes or changes a local account; CHANGE_PASSWORD_REJECTED [reason] for an unusable password. */
bool auth_set_password(Auth *auth, const char *user, const char *password, Err **err);
