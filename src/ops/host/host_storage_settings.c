/* How the host reaches storage: its iSCSI name, and whether by several paths.  Both are fields
 * since 7.5 and were keys of other_config before; whichever a client sets, the other follows. */
#include "base/text.h"
#include "gen/db_host.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

static const char IQN_KEY[] = "iscsi_iqn";
static const char MULTIPATHING_KEY[] = "multipathing";

enum { IQN_MAX_LENGTH = 223 }; /* RFC 3720 */

static bool is_iqn(const char *name);

bool host_set_iscsi_iqn(Call *call, const HostSetIscsiIqnArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    if (!is_iqn(args->value)) {
        return err_invalid_value(err, "value", args->value);
    }
    DbTxn *txn = db_begin(call->db);
    db_host_set_iscsi_iqn(txn, args->host, args->value);
    db_host_set_other_config_key(txn, args->host, IQN_KEY, args->value);
    return db_commit(txn, err);
}

bool host_set_multipathing(Call *call, const HostSetMultipathingArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_host_set_multipathing(txn, args->host, args->value);
    db_host_set_other_config_key(txn, args->host, MULTIPATHING_KEY, args->value ? "true" : "false");
    return db_commit(txn, err);
}

/* A key that is no name, or is taken away, leaves the field as it is. */
bool host_change_other_config(Call *call, HostRef self, const Value *new_value, Err **err)
{
    const char *iqn = value_get_string(new_value, IQN_KEY);
    const char *multipathing = value_get_string(new_value, MULTIPATHING_KEY);
    bool is_on;
    DbTxn *txn = db_begin(call->db);
    if (iqn && is_iqn(iqn)) {
        db_host_set_iscsi_iqn(txn, self, iqn);
    }
    if (multipathing && text_parse_bool(multipathing, &is_on)) {
        db_host_set_multipathing(txn, self, is_on);
    }
    return db_commit(txn, err);
}

/* Storage drivers hand it to other programs. */
static bool is_iqn(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > IQN_MAX_LENGTH) {
        return false;
    }
    for (; *name; name++) {
        if (!g_ascii_isalnum(*name) && !strchr(".-:", *name)) {
            return false;
        }
    }
    return true;
}
