/* The table of live sessions.  A call looks its session up here, not in the database: the objects
 * of class session mirror the table for clients that read them. */
#include "core/session.h"

#include "base/lock.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/membership.h"
#include "gen/db_session.h"
#include "gen/db_task.h"
#include "gen/errors.h"

typedef struct Session {
    Uuid ref; /* key of the table */
    SessionInfo info;
    char *originator;
    char **identifiers; /* by which subjects mean the user; NULL for who is of no directory */
    Usec validated;     /* when the directory was last asked */
    Usec last_used;     /* monotonic */
    Usec last_written;  /* when last_active was last put into the database */
} Session;

/* last_active is written at most this often, as recent servers do. */
#define LAST_ACTIVE_INTERVAL (600 * USEC_PER_SEC)

struct Sessions {
    Db *db;
    Auth *auth;
    Lock lock;          /* everything below */
    GHashTable *by_ref; /* Uuid * -> Session * */
    Uuid host;
    const Directory *directory;
    AuditLog *audit;
    Value *permissions[UINT8_MAX + 1]; /* by the roles that give them; sessions share them */
};

/* A user of the directory who is to be looked at again. */
typedef struct Recheck {
    Uuid session;
    char sid[AUTH_MAX_SID + 1];
    char **identifiers; /* NULL: out with the session */
    Membership membership;
} Recheck;

static bool log_in_subject(Sessions *sessions, Op *op, const Directory *directory,
                           const SessionLogin *login, Uuid *ret_session, Err **err);
static Uuid open_session(Sessions *sessions, const SessionInfo *info, const char *originator,
                         char **identifiers);
static Value *permissions_of(Sessions *sessions, uint8_t roles);
static void audit_session(Sessions *sessions, const char *action, const Session *session);
static GArray *list_rechecks(Sessions *sessions, Usec validated_before);
static void apply_rechecks(Sessions *sessions, GArray *rechecks, bool is_validated);
static uint8_t roles_within(const SessionInfo *info, uint8_t roles);
static bool apply_recheck(Sessions *sessions, Recheck *recheck, bool is_validated);
static void recheck_clear(void *recheck);
static void remove_session(Sessions *sessions, Uuid ref, GArray *ret_victims);
static void session_free(gpointer session);
static Session *new_session(const SessionInfo *info, const char *originator);
static char *clean_originator(const char *originator);
static void write_session(Sessions *sessions, const Session *session);
static void write_last_active(Sessions *sessions, Uuid ref);
static void delete_sessions(Sessions *sessions, GArray *refs);
static void collect_idle(Sessions *sessions, const DbView *view, GArray *ret_victims);
static void collect_excess(Sessions *sessions, const DbView *view, const char *originator,
                           GArray *ret_victims);
static bool has_ended(const Session *session);
static bool is_working(const DbView *view, const Session *session);

Sessions *sessions_new(Db *db, Auth *auth)
{
    Sessions *sessions = g_new0(Sessions, 1);
    sessions->db = db;
    sessions->auth = auth;
    lock_init(&sessions->lock, LOCK_SESSION);
    sessions->by_ref = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, session_free);
    return sessions;
}

void sessions_free(Sessions *sessions)
{
    if (!sessions) {
        return;
    }
    g_hash_table_unref(sessions->by_ref);
    for (size_t i = 0; i < G_N_ELEMENTS(sessions->permissions); i++) {
        value_unref(sessions->permissions[i]);
    }
    lock_clear(&sessions->lock);
    g_free(sessions);
}

bool sessions_login(Sessions *sessions, Op *op, const SessionLogin *login, Uuid *ret_session,
                    Err **err)
{
    if (strlen(login->user) > AUTH_MAX_USER) {
        return err_session_authentication_failed(err, login->user, "The user name is too long");
    }
    const Directory *directory =
        sessions_asks_directory(sessions, login) ? sessions_directory(sessions) : NULL;
    if (directory && login->is_local_only) {
        return err_session_authentication_failed(err, login->user, "The user is not a local one");
    }
    if (directory) {
        return log_in_subject(sessions, op, directory, login, ret_session, err);
    }
    if (!login->is_local_root &&
        !auth_check(sessions->auth, op, login->user, login->password, err)) {
        return false;
    }
    SessionInfo info = {.roles = UINT8_MAX, .is_local_superuser = true};
    g_strlcpy(info.user, login->user, sizeof info.user);
    *ret_session = sessions_open(sessions, &info, login->originator);
    return true;
}

bool sessions_asks_directory(Sessions *sessions, const SessionLogin *login)
{
    return !login->is_local_root && sessions_directory(sessions) &&
           strcmp(login->user, "root") != 0 && !auth_has_account(sessions->auth, login->user);
}

Uuid sessions_open(Sessions *sessions, const SessionInfo *info, const char *originator)
{
    return open_session(sessions, info, originator, NULL);
}

bool sessions_open_token(Sessions *sessions, const SessionInfo *info, const char *originator,
                         Uuid *ret_session, Err **err)
{
    const Directory *directory = sessions_directory(sessions);
    if (!*info->sid) {
        *ret_session = sessions_open(sessions, info, originator);
        return true;
    }
    g_auto(GStrv) identifiers =
        directory ? membership_identifiers(directory, info->sid, NULL) : NULL;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(sessions->db);
    Membership membership = {0};
    if (identifiers) {
        membership = membership_of(db_snapshot_view(snapshot), identifiers);
    }
    if (membership.roles == 0) {
        return err_session_authentication_failed(err, info->user, "Its maker may not log in");
    }
    SessionInfo limited = *info;
    limited.roles = roles_within(info, membership.roles);
    limited.subject = membership.subject;
    *ret_session = open_session(sessions, &limited, originator, g_steal_pointer(&identifiers));
    sessions_recheck(sessions); /* a subject may have gone meanwhile */
    return true;
}

static bool log_in_subject(Sessions *sessions, Op *op, const Directory *directory,
                           const SessionLogin *login, Uuid *ret_session, Err **err)
{
    g_auto(MembershipLogin) found = {0};
    if (!membership_log_in(directory, sessions->auth, op, sessions->db, login->user,
                           login->password, &found, err)) {
        return false;
    }
    SessionInfo info = {.roles = found.membership.roles, .subject = found.membership.subject};
    g_strlcpy(info.user, found.name, sizeof info.user);
    g_strlcpy(info.sid, found.sid, sizeof info.sid);
    *ret_session =
        open_session(sessions, &info, login->originator, g_steal_pointer(&found.identifiers));
    sessions_recheck(sessions); /* a subject may have gone meanwhile */
    return true;
}

/* Takes `identifiers` over. */
static Uuid open_session(Sessions *sessions, const SessionInfo *info, const char *originator,
                         char **identifiers)
{
    Session *session = new_session(info, originator);
    Uuid ref = session->ref;
    session->identifiers = identifiers;
    write_session(sessions, session);
    audit_session(sessions, "session.create", session);

    g_autoptr(GArray) victims = g_array_new(FALSE, FALSE, sizeof(Uuid));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(sessions->db);
    {
        LOCK_GUARD(&sessions->lock);
        collect_excess(sessions, db_snapshot_view(snapshot), session->originator, victims);
        g_hash_table_insert(sessions->by_ref, &session->ref, session);
    }
    delete_sessions(sessions, victims);
    return ref;
}

bool sessions_use(Sessions *sessions, Uuid ref, SessionInfo *ret_info)
{
    Usec now = op_now();
    bool write = false;
    {
        LOCK_GUARD(&sessions->lock);
        Session *session = g_hash_table_lookup(sessions->by_ref, &ref);
        if (!session || has_ended(session)) {
            return false;
        }
        session->last_used = now;
        if (now - session->last_written > LAST_ACTIVE_INTERVAL) {
            session->last_written = now;
            write = true;
        }
        *ret_info = session->info;
    }
    if (write) {
        write_last_active(sessions, ref);
    }
    return true;
}

void sessions_logout(Sessions *sessions, Uuid session)
{
    g_autoptr(GArray) victims = g_array_new(FALSE, FALSE, sizeof(Uuid));
    {
        LOCK_GUARD(&sessions->lock);
        remove_session(sessions, session, victims);
    }
    delete_sessions(sessions, victims);
}

void sessions_collect(Sessions *sessions)
{
    g_autoptr(GArray) victims = g_array_new(FALSE, FALSE, sizeof(Uuid));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(sessions->db);
    {
        LOCK_GUARD(&sessions->lock);
        collect_idle(sessions, db_snapshot_view(snapshot), victims);
    }
    delete_sessions(sessions, victims);
}

void sessions_set_directory(Sessions *sessions, const Directory *directory)
{
    {
        LOCK_GUARD(&sessions->lock);
        sessions->directory = directory;
    }
    if (!directory) {
        g_autoptr(GArray) all = list_rechecks(sessions, USEC_NEVER);
        for (guint i = 0; i < all->len; i++) {
            g_clear_pointer(&g_array_index(all, Recheck, i).identifiers, g_strfreev);
        }
        apply_rechecks(sessions, all, false);
    }
}

const Directory *sessions_directory(Sessions *sessions)
{
    LOCK_GUARD(&sessions->lock);
    return sessions->directory;
}

void sessions_recheck(Sessions *sessions)
{
    g_autoptr(GArray) all = list_rechecks(sessions, USEC_NEVER);
    apply_rechecks(sessions, all, false);
}

void sessions_revalidate(Sessions *sessions, Usec age)
{
    const Directory *directory = sessions_directory(sessions);
    g_autoptr(GArray) due = list_rechecks(sessions, op_now() - age);
    for (guint i = 0; directory && i < due->len; i++) {
        Recheck *recheck = &g_array_index(due, Recheck, i);
        g_autoptr(Err) error = NULL;
        g_autoptr(Value) known = directory->describe(recheck->sid, &error);
        char **identifiers = known ? membership_identifiers(directory, recheck->sid, &error) : NULL;
        bool is_out = (known && directory_is_suspended(known)) ||
                      (error && err_is(error, "SUBJECT_CANNOT_BE_RESOLVED"));
        if (identifiers || is_out) { /* a directory that is out of reach changes nothing */
            g_strfreev(recheck->identifiers);
            recheck->identifiers = is_out ? NULL : g_steal_pointer(&identifiers);
        }
        g_strfreev(identifiers);
    }
    apply_rechecks(sessions, due, true);
}

void sessions_set_audit(Sessions *sessions, AuditLog *audit)
{
    sessions->audit = audit;
}

void sessions_set_host(Sessions *sessions, Uuid host)
{
    LOCK_GUARD(&sessions->lock);
    sessions->host = host;
}

static void session_free(gpointer data)
{
    Session *session = data;
    g_free(session->originator);
    g_strfreev(session->identifiers);
    g_free(session);
}

static Session *new_session(const SessionInfo *info, const char *originator)
{
    Session *session = g_new0(Session, 1);
    session->ref = uuid_generate();
    session->info = *info;
    session->originator = clean_originator(originator);
    session->last_used = session->last_written = session->validated = op_now();
    return session;
}

/* It may come from an HTTP header, which can hold any bytes. (owned) */
static char *clean_originator(const char *originator)
{
    g_autofree char *start = g_strndup(originator, SESSION_MAX_ORIGINATOR);
    return g_utf8_make_valid(start, -1);
}

static void write_session(Sessions *sessions, const Session *session)
{
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    SessionRef ref = {session->ref};
    HostRef host;
    {
        LOCK_GUARD(&sessions->lock);
        host.id = sessions->host;
    }
    Value *permissions = session->info.is_local_superuser
                             ? value_new_array(0)
                             : permissions_of(sessions, session->info.roles);
    DbTxn *txn = db_begin(sessions->db);
    db_create(txn, CLASS_SESSION, session->ref, uuid_generate());
    db_session_set_this_host(txn, ref, host);
    db_session_set_last_active(txn, ref, now);
    db_session_set_validation_time(txn, ref, now);
    db_session_set_is_local_superuser(txn, ref, session->info.is_local_superuser);
    db_session_set_auth_user_name(txn, ref, session->info.user);
    db_session_set_auth_user_sid(txn, ref, session->info.sid);
    db_session_set_originator(txn, ref, session->originator);
    db_session_set_subject(txn, ref, (SubjectRef){session->info.subject});
    db_session_set_rbac_permissions(txn, ref, permissions);
    db_commit_async(txn);
}

/* (owned) */
static Value *permissions_of(Sessions *sessions, uint8_t roles)
{
    LOCK_GUARD(&sessions->lock);
    if (!sessions->permissions[roles]) {
        sessions->permissions[roles] = membership_permissions(roles);
    }
    return value_ref(sessions->permissions[roles]);
}

/* Who comes and goes is told of users of the directory; the others would fill the log. */
static void audit_session(Sessions *sessions, const char *action, const Session *session)
{
    if (!sessions->audit || !session->identifiers) {
        return;
    }
    g_autoptr(GString) arguments = g_string_new(NULL);
    audit_append_pair(arguments, "uname", session->info.user);
    audit_append_pair(arguments, "originator", session->originator);
    const AuditEvent event = {.action = action,
                              .label = action,
                              .peer = "-",
                              .session = session->ref,
                              .sid = session->info.sid,
                              .user = session->info.user,
                              .arguments = arguments->str};
    audit_write(sessions->audit, &event, NULL);
}

/* Users of the directory who were last looked at before then: an array of Recheck. (owned) */
static GArray *list_rechecks(Sessions *sessions, Usec validated_before)
{
    GArray *rechecks = g_array_new(FALSE, TRUE, sizeof(Recheck));
    g_array_set_clear_func(rechecks, recheck_clear);
    LOCK_GUARD(&sessions->lock);
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, sessions->by_ref);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        const Session *session = value;
        if (session->identifiers && session->validated < validated_before) {
            Recheck recheck = {.session = session->ref,
                               .identifiers = g_strdupv(session->identifiers)};
            g_strlcpy(recheck.sid, session->info.sid, sizeof recheck.sid);
            g_array_append_val(rechecks, recheck);
        }
    }
    return rechecks;
}

static void apply_rechecks(Sessions *sessions, GArray *rechecks, bool is_validated)
{
    g_autoptr(GArray) victims = g_array_new(FALSE, FALSE, sizeof(Uuid));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(sessions->db);
    for (guint i = 0; i < rechecks->len; i++) {
        Recheck *recheck = &g_array_index(rechecks, Recheck, i);
        if (recheck->identifiers) {
            recheck->membership = membership_of(db_snapshot_view(snapshot), recheck->identifiers);
        }
        if (recheck->membership.roles == 0) {
            LOCK_GUARD(&sessions->lock);
            remove_session(sessions, recheck->session, victims);
        } else if (apply_recheck(sessions, recheck, is_validated)) {
            Value *permissions = permissions_of(sessions, recheck->membership.roles);
            DbTxn *txn = db_begin(sessions->db);
            SessionRef ref = {recheck->session};
            db_session_set_subject(txn, ref, (SubjectRef){recheck->membership.subject});
            db_session_set_rbac_permissions(txn, ref, permissions);
            db_session_set_validation_time(txn, ref, g_get_real_time() / USEC_PER_SEC);
            db_commit_async(txn);
        }
    }
    delete_sessions(sessions, victims);
}

/* What a session may do when its user has `roles`: a token's session no more than the token's role.
 */
static uint8_t roles_within(const SessionInfo *info, uint8_t roles)
{
    uint8_t allowed = (uint8_t)(UINT8_MAX << info->highest); /* that role and all below it */
    return !info->is_token || (roles & allowed) == roles ? roles : (uint8_t)(1u << info->highest);
}

/* Whether the session has changed; `recheck` then has the roles it has now. */
static bool apply_recheck(Sessions *sessions, Recheck *recheck, bool is_validated)
{
    LOCK_GUARD(&sessions->lock);
    Session *session = g_hash_table_lookup(sessions->by_ref, &recheck->session);
    if (!session) {
        return false;
    }
    recheck->membership.roles = roles_within(&session->info, recheck->membership.roles);
    bool has_changed = is_validated || session->info.roles != recheck->membership.roles ||
                       !uuid_equal(session->info.subject, recheck->membership.subject);
    session->info.roles = recheck->membership.roles;
    session->info.subject = recheck->membership.subject;
    if (is_validated) {
        session->validated = op_now();
        g_strfreev(session->identifiers);
        session->identifiers = g_strdupv(recheck->identifiers);
    }
    return has_changed;
}

static void recheck_clear(void *recheck)
{
    g_strfreev(((Recheck *)recheck)->identifiers);
}

/* Takes a session out of the table; the lock is held. */
static void remove_session(Sessions *sessions, Uuid ref, GArray *ret_victims)
{
    Session *session = g_hash_table_lookup(sessions->by_ref, &ref);
    g_array_append_val(ret_victims, ref);
    if (session) {
        audit_session(sessions, "session.destroy", session);
        g_hash_table_remove(sessions->by_ref, &ref);
    }
}

static void write_last_active(Sessions *sessions, Uuid ref)
{
    DbTxn *txn = db_begin(sessions->db);
    db_session_set_last_active(txn, (SessionRef){ref}, g_get_real_time() / USEC_PER_SEC);
    db_commit_async(txn);
}

/* Calls that wait under these sessions are woken by the deletion of the objects. */
static void delete_sessions(Sessions *sessions, GArray *refs)
{
    if (refs->len == 0) {
        return;
    }
    DbTxn *txn = db_begin(sessions->db);
    for (guint i = 0; i < refs->len; i++) {
        db_session_delete(txn, (SessionRef){g_array_index(refs, Uuid, i)});
    }
    db_commit_async(txn);
}

static void collect_idle(Sessions *sessions, const DbView *view, GArray *ret_victims)
{
    Usec oldest_kept = op_now() - SESSION_IDLE_SECONDS * USEC_PER_SEC;
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, sessions->by_ref);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        Session *session = value;
        if (has_ended(session) ||
            (session->last_used < oldest_kept && !is_working(view, session))) {
            g_array_append_val(ret_victims, session->ref);
            g_hash_table_iter_remove(&iter);
        }
    }
}

/* Drops the sessions of `originator` that were idle longest until there is room for one more. */
static void collect_excess(Sessions *sessions, const DbView *view, const char *originator,
                           GArray *ret_victims)
{
    unsigned limit = *originator ? SESSION_MAX_PER_ORIGINATOR : SESSION_MAX_ANONYMOUS;
    for (;;) {
        unsigned count = 0;
        Session *oldest = NULL;
        GHashTableIter iter;
        g_hash_table_iter_init(&iter, sessions->by_ref);
        for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
            Session *session = value;
            if (session->info.is_pool || !text_equal(session->originator, originator)) {
                continue;
            }
            count++;
            if ((!oldest || session->last_used < oldest->last_used) && !is_working(view, session)) {
                oldest = session;
            }
        }
        if (count < limit || !oldest) {
            return;
        }
        Uuid victim = oldest->ref;
        g_array_append_val(ret_victims, victim);
        g_hash_table_remove(sessions->by_ref, &victim);
    }
}

static bool has_ended(const Session *session)
{
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    return session->info.expires != 0 && session->info.expires <= now;
}

/* A session whose task is under way is not dropped. */
static bool is_working(const DbView *view, const Session *session)
{
    SessionRef ref = {session->ref};
    for (unsigned i = 0; i < db_session_tasks_count(view, ref); i++) {
        if (db_task_status(view, db_session_tasks_at(view, ref, i)) == TASK_STATUS_TYPE_PENDING) {
            return true;
        }
    }
    return false;
}
