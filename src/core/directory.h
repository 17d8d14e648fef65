/* Where users and groups that are not the host's own are known.  One kind is there: what the system
 * itself knows by NSS and PAM, be it files, SSSD or LDAP behind them.
 *
 * An identifier is the directory's own; for NSS it is "u" or "g" and the number, as XenServer's PAM
 * plugin has it. */
#pragma once

#include "core/auth.h"
#include "wire/value.h"

typedef struct Directory {
    const char *type; /* host.external_auth_type */
    /* SESSION_AUTHENTICATION_FAILED unless the password is right. May block. */
    bool (*authenticate)(Auth *auth, Op *op, const char *user, const char *password, Err **err);
    /* The identifier of a user, else of a group, of this name: SUBJECT_CANNOT_BE_RESOLVED when
     * there is none. (owned) */
    char *(*find)(const char *name, Err **err);
    /* What there is to know, with the keys of subject.other_config. (owned) */
    Value *(*describe)(const char *identifier, Err **err);
    /* The groups a user is in, directly or not; of a group itself. NULL-terminated. (owned) */
    char **(*groups)(const char *identifier, Err **err);
} Directory;

extern const Directory directory_nss; /* of type "PAM" */

const Directory *directory_of_type(const char *type); /* NULL when there is none */

/* Whether what describe() says keeps a user out. */
bool directory_is_suspended(const Value *description);
