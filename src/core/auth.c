/* Password checks.  The accounts file is read anew at each login, so that an administrator's edit
 * counts at once; it is small.  Only this file calls crypt(3) and PAM. */
#include "core/auth.h"

#include "base/fd.h"
#include "base/secret.h"
#include "gen/errors.h"

#include <crypt.h>
#include <security/pam_appl.h>

enum { ACCOUNTS_MAX_BYTES = 1024 * 1024 };

struct Auth {
    char *accounts_path;
    char *pam_service;
    GMutex accounts_mutex; /* one rewrite of the accounts file at a time */
    GMutex slots_mutex;
    GCond slots_cond;
    unsigned slots_free;
};

static bool check(Auth *auth, Op *op, const char *user, const char *password, const char *hash,
                  Err **err);
static bool take_slot(Auth *auth, Op *op, Err **err);
static void release_slot(Auth *auth);
static bool replace_account(Auth *auth, const char *user, const char *hash, Err **err);
static char *find_hash(const char *accounts, const char *user);
static char *load_accounts(Auth *auth, Err **err);
static bool check_hash(const char *password, const char *hash);
static bool check_pam(const char *service, const char *user, const char *password, char **ret_why);
static bool is_user_name(const char *user);

Auth *auth_new(const char *accounts_path, const char *pam_service)
{
    Auth *auth = g_new0(Auth, 1);
    auth->accounts_path = g_strdup(accounts_path);
    auth->pam_service = g_strdup(pam_service ? pam_service : "");
    auth->slots_free = AUTH_MAX_PARALLEL;
    g_mutex_init(&auth->accounts_mutex);
    g_mutex_init(&auth->slots_mutex);
    g_cond_init(&auth->slots_cond);
    return auth;
}

void auth_free(Auth *auth)
{
    if (!auth) {
        return;
    }
    g_mutex_clear(&auth->accounts_mutex);
    g_mutex_clear(&auth->slots_mutex);
    g_cond_clear(&auth->slots_cond);
    g_free(auth->accounts_path);
    g_free(auth->pam_service);
    g_free(auth);
}

bool auth_check(Auth *auth, Op *op, const char *user, const char *password, Err **err)
{
    g_autofree char *accounts = load_accounts(auth, err);
    if (!accounts) {
        return false;
    }
    g_autofree char *hash = is_user_name(user) ? find_hash(accounts, user) : NULL;
    return check(auth, op, user, password, hash, err);
}

bool auth_check_pam(Auth *auth, Op *op, const char *user, const char *password, Err **err)
{
    return check(auth, op, user, password, NULL, err);
}

bool auth_has_account(Auth *auth, const char *user)
{
    g_autofree char *accounts = is_user_name(user) ? load_accounts(auth, NULL) : NULL;
    g_autofree char *hash = accounts ? find_hash(accounts, user) : NULL;
    return hash != NULL;
}

bool auth_set_password(Auth *auth, const char *user, const char *password, Err **err)
{
    if (!is_user_name(user)) {
        return err_change_password_rejected(err, "The user name is empty or has a ':' in it");
    }
    if (!*password || strlen(password) > AUTH_MAX_PASSWORD) {
        return err_change_password_rejected(err, "The password is empty or too long");
    }
    g_autofree char *salt = crypt_gensalt_ra("$y$", 0, NULL, 0);
    int size = 0;
    void *scratch = NULL;
    const char *made = salt ? crypt_ra(password, salt, &scratch, &size) : NULL;
    g_autofree char *hash = made && *made != '*' ? g_strdup(made) : NULL;
    free(scratch);
    if (!hash) {
        return err_internal(err, "cannot hash the password of %s: yescrypt is not available", user);
    }
    g_mutex_lock(&auth->accounts_mutex);
    bool ok = replace_account(auth, user, hash, err);
    g_mutex_unlock(&auth->accounts_mutex);
    return ok;
}

/* By `hash`, or by PAM when it is NULL. */
static bool check(Auth *auth, Op *op, const char *user, const char *password, const char *hash,
                  Err **err)
{
    if (!is_user_name(user) || strlen(password) > AUTH_MAX_PASSWORD) {
        return err_session_authentication_failed(err, user, "Authentication failure");
    }
    if (!take_slot(auth, op, err)) {
        return false;
    }
    g_autofree char *why = NULL;
    bool ok = false;
    if (hash) {
        ok = check_hash(password, hash);
    } else if (*auth->pam_service) {
        ok = check_pam(auth->pam_service, user, password, &why);
    }
    release_slot(auth);
    return ok || err_session_authentication_failed(err, user, why ? why : "Authentication failure");
}

static bool replace_account(Auth *auth, const char *user, const char *hash, Err **err)
{
    g_autofree char *accounts = load_accounts(auth, err);
    if (!accounts) {
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(accounts, "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *prefix = g_strdup_printf("%s:", user);
    for (char **line = lines; *line; line++) {
        if (**line && !g_str_has_prefix(*line, prefix)) {
            g_string_append_printf(text, "%s\n", *line);
        }
    }
    g_string_append_printf(text, "%s:%s\n", user, hash);
    return fd_write_file(auth->accounts_path, text->str, text->len, 0600, err);
}

static bool is_user_name(const char *user)
{
    size_t length = strlen(user);
    return length > 0 && length <= AUTH_MAX_USER && !strpbrk(user, ":\n");
}

static char *load_accounts(Auth *auth, Err **err)
{
    if (!g_file_test(auth->accounts_path, G_FILE_TEST_EXISTS)) {
        return g_strdup("");
    }
    return fd_read_file(auth->accounts_path, ACCOUNTS_MAX_BYTES, NULL, err);
}

static char *find_hash(const char *accounts, const char *user)
{
    size_t length = strlen(user);
    for (const char *line = accounts; line && *line;) {
        const char *end = strchrnul(line, '\n');
        if (strncmp(line, user, length) == 0 && line[length] == ':') {
            return g_strndup(line + length + 1, end - line - length - 1);
        }
        line = *end ? end + 1 : NULL;
    }
    return NULL;
}

static bool check_hash(const char *password, const char *hash)
{
    struct crypt_data *data = g_new0(struct crypt_data, 1);
    const char *made = crypt_r(password, hash, data);
    g_autoptr(Secret) expected = secret_new(hash);
    g_autoptr(Secret) actual = secret_new(made && *made != '*' ? made : "");
    bool same = *hash && secret_equal(expected, actual);
    explicit_bzero(data, sizeof *data);
    g_free(data);
    return same;
}

/* Answers PAM's one question, the password; anything else gets an empty answer. */
static int converse(int count, const struct pam_message **messages, struct pam_response **ret,
                    void *user)
{
    struct pam_response *answers = calloc(count, sizeof *answers);
    if (!answers) {
        return PAM_BUF_ERR;
    }
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF) {
            answers[i].resp = strdup(user);
        }
    }
    *ret = answers;
    return PAM_SUCCESS;
}

static bool check_pam(const char *service, const char *user, const char *password, char **ret_why)
{
    const struct pam_conv conversation = {converse, (void *)password};
    pam_handle_t *pam = NULL;
    int status = pam_start(service, user, &conversation, &pam);
    if (status == PAM_SUCCESS) {
        status = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    }
    if (status == PAM_SUCCESS) {
        status = pam_acct_mgmt(pam, PAM_SILENT);
    }
    if (status != PAM_SUCCESS) {
        *ret_why = g_strdup(pam_strerror(pam, status));
    }
    if (pam) {
        pam_end(pam, status);
    }
    return status == PAM_SUCCESS;
}

static bool take_slot(Auth *auth, Op *op, Err **err)
{
    g_mutex_lock(&auth->slots_mutex);
    bool ok = true;
    while (ok && auth->slots_free == 0) {
        ok = op_wait(op, &auth->slots_cond, &auth->slots_mutex, err);
    }
    if (ok) {
        auth->slots_free--;
    }
    g_mutex_unlock(&auth->slots_mutex);
    return ok;
}

static void release_slot(Auth *auth)
{
    g_mutex_lock(&auth->slots_mutex);
    auth->slots_free++;
    g_cond_signal(&auth->slots_cond);
    g_mutex_unlock(&auth->slots_mutex);
}
