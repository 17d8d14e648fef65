/* Tokens and their sessions.  The secret has 256 random bits, so that a plain hash of it is as hard
 * to turn around as it is to guess. */
#include "core/token.h"

#include "base/lock.h"
#include "base/secret.h"
#include "gen/db_api_token.h"
#include "gen/errors.h"

#include <errno.h>
#include <pwd.h>
#include <sys/random.h>

static const char PREFIX[] = "cw1_";

enum {
    SECRET_DIGITS = 2 * TOKEN_SECRET_BYTES,
    PASSWD_BYTES = 16 * 1024, /* of an entry of the system's users */
};

typedef struct TokenSession {
    Uuid token; /* key of the table */
    Uuid session;
} TokenSession;

struct Tokens {
    Db *db;
    Sessions *sessions;
    Auth *auth;
    Lock lock;            /* everything below */
    GHashTable *by_token; /* Uuid * -> TokenSession * */
};

static bool find_token(const DbView *view, const char *text, ApiTokenRef *ret_token);
static bool take_session(Tokens *tokens, const DbView *view, ApiTokenRef token, Uuid *ret_session);
static void write_last_used(Tokens *tokens, const DbView *view, ApiTokenRef token);
static char *hash_of(const char *secret);

Tokens *tokens_new(Db *db, Sessions *sessions, Auth *auth)
{
    Tokens *tokens = g_new0(Tokens, 1);
    tokens->db = db;
    tokens->sessions = sessions;
    tokens->auth = auth;
    lock_init(&tokens->lock, LOCK_TOKEN);
    tokens->by_token = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, g_free);
    return tokens;
}

void tokens_free(Tokens *tokens)
{
    if (!tokens) {
        return;
    }
    g_hash_table_unref(tokens->by_token);
    lock_clear(&tokens->lock);
    g_free(tokens);
}

bool tokens_session(Tokens *tokens, const char *text, Uuid *ret_session, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(tokens->db);
    const DbView *view = db_snapshot_view(snapshot);
    ApiTokenRef token;
    if (!find_token(view, text, &token) ||
        !tokens_know_user(tokens, db_api_token_user(view, token),
                          db_api_token_user_sid(view, token)) ||
        !take_session(tokens, view, token, ret_session)) {
        return err_session_authentication_failed(err, "", "The token is unknown or has ended");
    }
    write_last_used(tokens, view, token);
    return true;
}

bool tokens_know_user(Tokens *tokens, const char *user, const char *sid)
{
    if (*sid || auth_has_account(tokens->auth, user)) {
        return true;
    }
    char buffer[PASSWD_BYTES];
    struct passwd entry, *found = NULL;
    return getpwnam_r(user, &entry, buffer, sizeof buffer, &found) == 0 && found;
}

void tokens_forget(Tokens *tokens, Uuid token)
{
    Uuid session = {{0}};
    {
        LOCK_GUARD(&tokens->lock);
        TokenSession *known = g_hash_table_lookup(tokens->by_token, &token);
        session = known ? known->session : session;
        g_hash_table_remove(tokens->by_token, &token);
    }
    if (!uuid_is_null(session)) {
        sessions_logout(tokens->sessions, session);
    }
}

char *token_generate(Uuid uuid, char **ret_hash)
{
    uint8_t random[TOKEN_SECRET_BYTES];
    ssize_t got;
    do {
        got = getrandom(random, sizeof random, 0);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof random) {
        g_error("getrandom: %s", g_strerror(errno)); /* ends the process: nobody may guess it */
    }
    char secret[SECRET_DIGITS + 1];
    for (size_t i = 0; i < sizeof random; i++) {
        g_snprintf(secret + 2 * i, 3, "%02x", random[i]);
    }
    *ret_hash = hash_of(secret);
    char *text = g_strdup_printf("%s%s_%s", PREFIX, UUID_TEXT(uuid), secret);
    explicit_bzero(random, sizeof random);
    explicit_bzero(secret, sizeof secret);
    return text;
}

bool token_parse(const char *text, Uuid *ret_uuid, char **ret_hash)
{
    const size_t uuid_at = strlen(PREFIX);
    const size_t secret_at = uuid_at + UUID_TEXT_SIZE; /* the NUL's place is the '_' */
    if (!g_str_has_prefix(text, PREFIX) || strlen(text) != secret_at + SECRET_DIGITS ||
        text[secret_at - 1] != '_') {
        return false;
    }
    g_autofree char *uuid = g_strndup(text + uuid_at, UUID_TEXT_SIZE - 1);
    if (!uuid_parse(uuid, ret_uuid)) {
        return false;
    }
    *ret_hash = hash_of(text + secret_at);
    return true;
}

Role token_role(const char *name)
{
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (role != ROLE_CLIENT_CERT && strcmp(role_names[role], name) == 0) {
            return (Role)role;
        }
    }
    return ROLE_COUNT;
}

/* Only one that is still of use. */
static bool find_token(const DbView *view, const char *text, ApiTokenRef *ret_token)
{
    Uuid uuid;
    g_autofree char *hash = NULL;
    if (!token_parse(text, &uuid, &hash)) {
        return false;
    }
    const DbObject *object = db_find_by_uuid(view, CLASS_API_TOKEN, uuid);
    if (!object) {
        return false;
    }
    ApiTokenRef token = {db_object_ref_id(object)};
    g_autoptr(Secret) shown = secret_new(hash);
    g_autoptr(Secret) kept = secret_new(db_api_token_hash(view, token));
    if (!secret_equal(shown, kept) ||
        db_api_token_expires(view, token) <= g_get_real_time() / USEC_PER_SEC ||
        token_role(db_api_token_role(view, token)) == ROLE_COUNT) {
        return false;
    }
    *ret_token = token;
    return true;
}

/* The session last opened for a token, which may have ended; the null uuid when there is none. */
static Uuid last_session(Tokens *tokens, ApiTokenRef token)
{
    LOCK_GUARD(&tokens->lock);
    TokenSession *known = g_hash_table_lookup(tokens->by_token, &token.id);
    return known ? known->session : (Uuid){{0}};
}

/* Puts `session` in the place of `before`; false when another call has done so. */
static bool replace_session(Tokens *tokens, ApiTokenRef token, Uuid before, Uuid session)
{
    LOCK_GUARD(&tokens->lock);
    TokenSession *known = g_hash_table_lookup(tokens->by_token, &token.id);
    if (known && !uuid_equal(known->session, before)) {
        return false;
    }
    known = g_new(TokenSession, 1);
    *known = (TokenSession){token.id, session};
    g_hash_table_replace(tokens->by_token, &known->token, known);
    return true;
}

static void describe(const DbView *view, ApiTokenRef token, SessionInfo *ret_info)
{
    Role role = token_role(db_api_token_role(view, token));
    *ret_info = (SessionInfo){.roles = (uint8_t)(1u << role),
                              .is_token = true,
                              .highest = role,
                              .expires = db_api_token_expires(view, token)};
    g_autofree char *user = g_strdup_printf("%s (token %s)", db_api_token_user(view, token),
                                            db_api_token_name_label(view, token));
    g_autofree char *start = g_strndup(user, AUTH_MAX_USER);
    const char *valid_end;
    g_utf8_validate(start, -1, &valid_end);
    g_strlcpy(ret_info->user, start, (gsize)(valid_end - start) + 1);
    g_strlcpy(ret_info->sid, db_api_token_user_sid(view, token), sizeof ret_info->sid);
}

/* Two calls may open one at the same time, and the token may be deleted meanwhile. */
static bool take_session(Tokens *tokens, const DbView *view, ApiTokenRef token, Uuid *ret_session)
{
    SessionInfo info;
    Uuid last = last_session(tokens, token);
    if (sessions_use(tokens->sessions, last, &info)) {
        *ret_session = last;
        return true;
    }
    describe(view, token, &info);
    Uuid session;
    if (!sessions_open_token(tokens->sessions, &info, "API token", &session, NULL)) {
        return false;
    }
    if (!replace_session(tokens, token, last, session)) {
        sessions_logout(tokens->sessions, session);
        session = last_session(tokens, token);
    }
    g_autoptr(DbSnapshot) newest = db_snapshot(tokens->db);
    if (!db_api_token_exists(db_snapshot_view(newest), token)) {
        tokens_forget(tokens, token.id);
        return false;
    }
    *ret_session = session;
    return true;
}

static void write_last_used(Tokens *tokens, const DbView *view, ApiTokenRef token)
{
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    if (now - db_api_token_last_used(view, token) < TOKEN_LAST_USED_SECS) {
        return;
    }
    DbTxn *txn = db_begin(tokens->db);
    db_api_token_set_last_used(txn, token, now);
    db_commit_async(txn);
}

static char *hash_of(const char *secret)
{
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
}
