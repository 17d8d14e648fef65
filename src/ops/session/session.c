/* Messages of class session: logging in and out, and the password. */
#include "base/text.h"
#include "core/core.h"
#include "core/dispatch.h"
#include "gen/db_session.h"
#include "gen/db_subject.h"
#include "gen/errors.h"
#include "gen/ops_session.h"

static const char *subject_identifier(const DbView *view, SessionRef session);

bool session_login_with_password(Call *call, const SessionLoginWithPasswordArgs *args,
                                 SessionRef *ret_result, Err **err)
{
    const char *originator = *args->originator ? args->originator : call->originator;
    const SessionLogin login = {.user = args->uname,
                                .password = args->pwd,
                                .originator = originator,
                                .is_local_root = call->peer_is_local_root};
    Sessions *sessions = core_sessions(call->core);
    bool ok = sessions_login(sessions, call->op, &login, &ret_result->id, err);
    if (!ok && sessions_asks_directory(sessions, &login)) {
        call_fail_late(call);
    }
    return ok;
}

/* On a host that is its own coordinator a local session is a session like any other. */
bool session_slave_local_login_with_password(Call *call,
                                             const SessionSlaveLocalLoginWithPasswordArgs *args,
                                             SessionRef *ret_result, Err **err)
{
    const SessionLogin login = {.user = args->uname,
                                .password = args->pwd,
                                .originator = call->originator,
                                .is_local_root = call->peer_is_local_root,
                                .is_local_only = true};
    return sessions_login(core_sessions(call->core), call->op, &login, &ret_result->id, err);
}

bool session_logout(Call *call, Err **err)
{
    (void)err;
    sessions_logout(core_sessions(call->core), call->session);
    return true;
}

bool session_local_logout(Call *call, Err **err)
{
    return session_logout(call, err);
}

/* The old password is not asked: the session is proof enough, as in XenServer. */
bool session_change_password(Call *call, const SessionChangePasswordArgs *args, Err **err)
{
    if (!call->is_local_superuser) {
        return err_user_is_not_local_superuser(err, "Only the local root account has a password "
                                                    "that this host can change");
    }
    const char *user = *call->user ? call->user : "root";
    return auth_set_password(core_auth(call->core), user, args->new_pwd, err);
}

bool session_get_all_subject_identifiers(Call *call, Value **ret_result, Err **err)
{
    (void)err;
    const DbView *view = call_view(call);
    Value *identifiers = value_new_array(0);
    g_autoptr(GArray) sessions = db_session_all(view);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < sessions->len; i++) {
        SessionRef session = g_array_index(sessions, SessionRef, i);
        const char *const both[] = {db_session_auth_user_sid(view, session),
                                    subject_identifier(view, session)};
        for (size_t j = 0; j < G_N_ELEMENTS(both); j++) {
            if (*both[j] && g_hash_table_add(seen, (gpointer)both[j])) {
                value_array_add(identifiers, value_new_string(both[j]));
            }
        }
    }
    *ret_result = identifiers;
    return true;
}

/* All sessions but the caller's own that the user, or a group by which users came in, has. */
bool session_logout_subject_identifier(Call *call, const SessionLogoutSubjectIdentifierArgs *args,
                                       Err **err)
{
    (void)err;
    const DbView *view = call_view(call);
    g_autoptr(GArray) sessions = db_session_all(view);
    for (guint i = 0; i < sessions->len; i++) {
        SessionRef session = g_array_index(sessions, SessionRef, i);
        bool is_meant =
            text_equal(db_session_auth_user_sid(view, session), args->subject_identifier) ||
            text_equal(subject_identifier(view, session), args->subject_identifier);
        if (is_meant && !uuid_equal(session.id, call->session) &&
            !db_session_is_local_superuser(view, session)) {
            sessions_logout(core_sessions(call->core), session.id);
        }
    }
    return true;
}

static const char *subject_identifier(const DbView *view, SessionRef session)
{
    SubjectRef subject = db_session_subject(view, session);
    return db_subject_exists(view, subject) ? db_subject_subject_identifier(view, subject) : "";
}
