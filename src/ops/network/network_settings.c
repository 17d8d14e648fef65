/* Settings of networks that clients change. */
#include "base/text.h"
#include "gen/db_network.h"
#include "gen/db_vif.h"
#include "gen/errors.h"
#include "gen/ops_network.h"
#include "ops/network/network_turn.h"

enum { MTU_MIN = 68, MTU_MAX = 65521 }; /* of Ethernet and of a Linux bridge */

static bool check_idle(const DbView *view, NetworkRef network, Err **err);
static bool check_managed(const DbView *view, NetworkRef network, Err **err);
static bool find_purpose(const DbView *view, const char *purpose);

bool network_change_mtu(Call *call, NetworkRef self, const Value *new_value, Err **err)
{
    int64_t mtu = value_int(new_value);
    char text[TEXT_INT_SIZE];
    if (mtu < MTU_MIN || mtu > MTU_MAX) {
        return err_invalid_value(err, "MTU", text_format_int(mtu, text));
    }
    return network_turn_keep(call, err) && check_idle(call_view(call), self, err);
}

bool network_set_default_locking_mode(Call *call, const NetworkSetDefaultLockingModeArgs *args,
                                      Err **err)
{
    if (!network_turn_keep(call, err) || !check_idle(call_view(call), args->network, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_network_set_default_locking_mode(txn, args->network, args->value);
    return db_commit(txn, err);
}

/* Disks go over networks with TLS, or over networks without, in one pool. */
bool network_add_purpose(Call *call, const NetworkAddPurposeArgs *args, Err **err)
{
    const char *wanted = network_purpose_to_string(args->value);
    const char *other = network_purpose_to_string(
        args->value == NETWORK_PURPOSE_NBD ? NETWORK_PURPOSE_INSECURE_NBD : NETWORK_PURPOSE_NBD);
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    if (!check_managed(view, args->self, err) ||
        (find_purpose(view, other) && !err_network_incompatible_purposes(err, wanted, other))) {
        db_abort(txn);
        return false;
    }
    db_network_add_purpose(txn, args->self, args->value);
    return db_commit(txn, err);
}

bool network_remove_purpose(Call *call, const NetworkRemovePurposeArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_network_remove_purpose(txn, args->self, args->value);
    return db_commit(txn, err);
}

/* Guests that run were told the old value. */
static bool check_idle(const DbView *view, NetworkRef network, Err **err)
{
    for (unsigned i = 0; i < db_network_vifs_count(view, network); i++) {
        VifRef vif = db_network_vifs_at(view, network, i);
        if (db_vif_currently_attached(view, vif)) {
            return err_vif_in_use(err, REF_TEXT(network.id), REF_TEXT(vif.id));
        }
    }
    return true;
}

static bool check_managed(const DbView *view, NetworkRef network, Err **err)
{
    return db_network_managed(view, network) || err_network_unmanaged(err, REF_TEXT(network.id));
}

static bool find_purpose(const DbView *view, const char *purpose)
{
    g_autoptr(Value) wanted = value_new_string(purpose);
    g_autoptr(GArray) networks = db_network_all(view);
    for (guint i = 0; i < networks->len; i++) {
        const Value *present = db_network_purpose(view, g_array_index(networks, NetworkRef, i));
        for (unsigned k = 0; k < value_count(present); k++) {
            if (value_equal(value_at(present, k), wanted)) {
                return true;
            }
        }
    }
    return false;
}
