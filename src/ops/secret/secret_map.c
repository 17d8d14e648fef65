/* A password that nothing names any more must not stay in the database. */
#include "ops/secret/secret_map.h"

#include "base/text.h"
#include "gen/db_secret.h"

static const char SUFFIX[] = "password_secret";

static bool has_value(const Value *map, const char *value);

void secret_map_clean(DbTxn *txn, const Value *old_map, const Value *new_map)
{
    for (unsigned i = 0; i < value_count(old_map); i++) {
        const char *uuid = value_string(value_at(old_map, i));
        SecretRef secret = db_secret_by_uuid(db_txn_view(txn), uuid);
        if (g_str_has_suffix(value_name_at(old_map, i), SUFFIX) && !secret_ref_is_null(secret) &&
            !has_value(new_map, uuid)) {
            db_secret_delete(txn, secret);
        }
    }
}

static bool has_value(const Value *map, const char *value)
{
    for (unsigned i = 0; i < value_count(map); i++) {
        if (text_equal(value_string(value_at(map, i)), value)) {
            return true;
        }
    }
    return false;
}
