/* The table of live sessions.  A call looks its session up here, not in the database: the objects
 * of class session mirror the table for clients that read them. */
#include "core/session.h"

#include "base/lock.h"
#include "base/text.h"
#include "gen/db_session.h"
#include "gen/db_task.h"
#include "gen/errors.h"

typedef struct Session {
    Uuid ref; /* key of the table */
    SessionInfo info;
    char *originator;
    Usec last_used;    /* monotonic */
    Usec last_written; /* when last_active was last put into the database */
} Session;

/* last_active is written at most this often, as recent servers do. */
#define LAST_ACTIVE_INTERVAL (600 * USEC_PER_SEC)

struct Sessions {
    Db *db;
    Auth *auth;
    Lock lock;          /* everything below */
    GHashTable *by_ref; /* Uuid * -> Session * */
    Uuid host;
};

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
    lock_clear(&sessions->lock);
    g_free(sessions);
}

bool sessions_login(Sessions *sessions, Op *op, const SessionLogin *login, Uuid *ret_session,
                    Err **err)
{
    if (strlen(login->user) > AUTH_MAX_USER) {
        return err_session_authentication_failed(err, login->user, "The user name is too long");
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

Uuid sessions_open(Sessions *sessions, const SessionInfo *info, const char *originator)
{
    Session *session = new_session(info, originator);
    Uuid ref = session->ref;
    write_session(sessions, session);

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
    g_array_append_val(victims, session);
    {
        LOCK_GUARD(&sessions->lock);
        g_hash_table_remove(sessions->by_ref, &session);
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

void sessions_set_host(Sessions *sessions, Uuid host)
{
    LOCK_GUARD(&sessions->lock);
    sessions->host = host;
}

static void session_free(gpointer data)
{
    Session *session = data;
    g_free(session->originator);
    g_free(session);
}

static Session *new_session(const SessionInfo *info, const char *originator)
{
    Session *session = g_new0(Session, 1);
    session->ref = uuid_generate();
    session->info = *info;
    session->originator = clean_originator(originator);
    session->last_used = session->last_written = op_now();
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
    DbTxn *txn = db_begin(sessions->db);
    db_create(txn, CLASS_SESSION, session->ref, uuid_generate());
    db_session_set_this_host(txn, ref, host);
    db_session_set_last_active(txn, ref, now);
    db_session_set_validation_time(txn, ref, now);
    db_session_set_is_local_superuser(txn, ref, session->info.is_local_superuser);
    db_session_set_auth_user_name(txn, ref, session->info.user);
    db_session_set_auth_user_sid(txn, ref, session->info.sid);
    db_session_set_originator(txn, ref, session->originator);
    db_commit_async(txn);
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
