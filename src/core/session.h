/* Sessions: who is logged in, with which roles, and when that ends.
 * Each is also an object of class session, which does not survive a restart. */
#pragma once

#include "core/audit_log.h"
#include "core/directory.h"
#include "core/method.h"
#include "db/store.h"

typedef struct Sessions Sessions;

enum {
    SESSION_IDLE_SECONDS = 86400, /* dropped after that long without a call */
    SESSION_MAX_PER_ORIGINATOR = 500,
    SESSION_MAX_ANONYMOUS = 400,  /* without originator, of root */
    SESSION_MAX_ORIGINATOR = 256, /* bytes of its name; what is longer is cut off */
};

typedef struct SessionInfo {
    uint8_t roles; /* bit 1 << Role */
    bool is_local_superuser;
    bool is_pool;
    char user[AUTH_MAX_USER + 1];
    char sid[AUTH_MAX_SID + 1]; /* of the user in the directory; "" for local ones */
    Uuid subject;               /* ref; the first whose roles it has; null for local ones */
    bool is_token;              /* of an API token: it cannot make more of them */
    Role highest;               /* of an API token: it never has a higher role */
    int64_t expires;            /* seconds since the epoch; 0: only when it is idle */
} SessionInfo;

typedef struct SessionLogin {
    const char *user, *password;
    const char *originator; /* "" when the client gave none */
    bool is_local_root;     /* by the unix socket: no password is asked */
    bool is_local_only;     /* whoever the directory knows is not let in */
} SessionLogin;

Sessions *sessions_new(Db *db, Auth *auth);
void sessions_free(Sessions *sessions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sessions, sessions_free)

/* Local accounts and root are local superusers; when there is a directory, everybody else is one of
 * its users, who needs a subject with a role: SESSION_AUTHENTICATION_FAILED [user, reason],
 * RBAC_PERMISSION_DENIED for a subject without one. */
bool sessions_login(Sessions *sessions, Op *op, const SessionLogin *login, Uuid *ret_session,
                    Err **err);
/* Whether it is for the directory to say who that is. */
bool sessions_asks_directory(Sessions *sessions, const SessionLogin *login);
/* A session for somebody who was let in by other means than a password. */
Uuid sessions_open(Sessions *sessions, const SessionInfo *info, const char *originator);
/* A session of an API token: as high as `info` says, but never higher than its maker, a user of the
 * directory when there is a sid, is today; ended when that one may not log in any more.  May block.
 */
bool sessions_open_token(Sessions *sessions, const SessionInfo *info, const char *originator,
                         Uuid *ret_session, Err **err);
/* The session of a call that comes in now; refreshes its last use. False: SESSION_INVALID is
 * the caller's to say. */
bool sessions_use(Sessions *sessions, Uuid session, SessionInfo *ret_info);
void sessions_logout(Sessions *sessions, Uuid session);
/* Drops what has ended, is idle for too long or over the limits, oldest first. */
void sessions_collect(Sessions *sessions);
/* The directory that knows users beside those of this host; NULL: there is none. The sessions of
 * the users of another one end. */
void sessions_set_directory(Sessions *sessions, const Directory *directory);
/* (borrowed) NULL when there is none. */
const Directory *sessions_directory(Sessions *sessions);
/* After subjects or their roles have changed: sessions of users of the directory get the roles that
 * are now due, or end. */
void sessions_recheck(Sessions *sessions);
/* Asks the directory again about users it was not asked about for `age`; who is gone, suspended or
 * without a subject loses the session. May block. */
void sessions_revalidate(Sessions *sessions, Usec age);
#define SESSION_REVALIDATE_AGE (300 * USEC_PER_SEC)
/* Where the log of who came and went is; borrowed. */
void sessions_set_audit(Sessions *sessions, AuditLog *audit);
/* Names the host that new sessions belong to. */
void sessions_set_host(Sessions *sessions, Uuid host);
