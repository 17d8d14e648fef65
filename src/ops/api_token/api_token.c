/* api_token.create and destroy: who may have which token, and whose end it is to decide. */
#include "base/text.h"
#include "core/core.h"
#include "core/rbac.h"
#include "gen/db_api_token.h"
#include "gen/errors.h"
#include "gen/ops_api_token.h"

#define SECONDS_PER_DAY (INT64_C(24) * 3600)

static bool check_name(const char *name, Err **err);
static bool check_maker(Call *call, Err **err);
static bool check_role(Call *call, const char *name, Err **err);
static bool choose_end(int64_t asked, int64_t now, int64_t *ret_expires, Err **err);

bool api_token_create(Call *call, const ApiTokenCreateArgs *args, char **ret_result, Err **err)
{
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    int64_t expires = 0;
    if (!check_name(args->name_label, err) || !check_maker(call, err) ||
        !check_role(call, args->role, err) || !choose_end(args->expires, now, &expires, err)) {
        return false;
    }
    ApiTokenRef token = {uuid_generate()};
    Uuid uuid = uuid_generate();
    g_autofree char *hash = NULL;
    g_autofree char *text = token_generate(uuid, &hash);
    DbTxn *txn = db_begin(call->db);
    if (db_count(db_txn_view(txn), CLASS_API_TOKEN) >= TOKEN_MAX) {
        db_abort(txn);
        return err_operation_not_allowed(err, "There are as many tokens as there may be");
    }
    db_create(txn, CLASS_API_TOKEN, token.id, uuid);
    db_api_token_set_name_label(txn, token, args->name_label);
    db_api_token_set_name_description(txn, token, args->name_description);
    db_api_token_set_user(txn, token, call->user);
    db_api_token_set_user_sid(txn, token, call->sid);
    db_api_token_set_role(txn, token, args->role);
    db_api_token_set_created(txn, token, now);
    db_api_token_set_expires(txn, token, expires);
    db_api_token_set_hash(txn, token, hash);
    if (!db_commit(txn, err)) {
        return false;
    }
    *ret_result = g_steal_pointer(&text);
    return true;
}

/* Users end their own tokens, administrators all. */
bool api_token_destroy(Call *call, const ApiTokenDestroyArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    bool is_own = text_equal(db_api_token_user(view, args->self), call->user) &&
                  text_equal(db_api_token_user_sid(view, args->self), call->sid);
    if (!is_own && !rbac_check_permission(call, PERMISSION_API_TOKEN_DESTROY_OF_OTHERS, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_api_token_delete(txn, args->self);
    if (!db_commit(txn, err)) {
        return false;
    }
    tokens_forget(core_tokens(call->core), args->self.id);
    return true;
}

static bool check_name(const char *name, Err **err)
{
    return (*name && strlen(name) <= TOKEN_MAX_NAME) || err_invalid_value(err, "name_label", name);
}

/* Else a token that got lost could make one that outlives it. */
static bool check_maker(Call *call, Err **err)
{
    SessionInfo info;
    if (sessions_use(core_sessions(call->core), call->session, &info) && info.is_token) {
        return err_operation_not_allowed(err, "A token cannot make tokens; log in as a user");
    }
    if (!tokens_know_user(core_tokens(call->core), call->user, call->sid)) {
        return err_operation_not_allowed(err, "A token needs a user to belong to, and there is no "
                                              "account of this name");
    }
    return true;
}

static bool check_role(Call *call, const char *name, Err **err)
{
    Role role = token_role(name);
    if (role == ROLE_COUNT) {
        return err_invalid_value(err, "role", name);
    }
    uint8_t as_high = (uint8_t)((1u << (role + 1)) - 1);
    g_autofree char *permission = g_strdup_printf("api_token.create/role:%s", name);
    return rbac_check_roles(call, permission, as_high, err);
}

static bool choose_end(int64_t asked, int64_t now, int64_t *ret_expires, Err **err)
{
    int64_t expires = asked != 0 ? asked : now + TOKEN_DEFAULT_DAYS * SECONDS_PER_DAY;
    if (expires <= now || expires > now + TOKEN_MAX_DAYS * SECONDS_PER_DAY) {
        char date[TEXT_DATETIME_SIZE];
        return err_invalid_value(err, "expires", text_format_datetime(expires, date));
    }
    *ret_expires = expires;
    return true;
}
