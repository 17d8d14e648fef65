/* secret.introduce; everything else about secrets is rows. */
#include "gen/db_secret.h"
#include "gen/errors.h"
#include "gen/ops_secret.h"

bool secret_introduce(Call *call, const SecretIntroduceArgs *args, SecretRef *ret_result, Err **err)
{
    Uuid uuid;
    if (!uuid_parse(args->uuid, &uuid)) {
        return err_uuid_invalid(err, "secret", args->uuid);
    }
    DbTxn *txn = db_begin(call->db);
    if (db_find_by_uuid(db_txn_view(txn), CLASS_SECRET, uuid)) {
        db_abort(txn);
        return err_db_uniqueness_constraint_violation(err, "secret", "uuid", args->uuid);
    }
    SecretRef secret = {uuid_generate()};
    db_create(txn, CLASS_SECRET, secret.id, uuid);
    db_secret_set_value(txn, secret, args->value);
    db_secret_set_other_config(txn, secret, value_ref((Value *)args->other_config));
    *ret_result = secret;
    return db_commit(txn, err);
}
