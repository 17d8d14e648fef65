/* PIF.db_introduce, pool_introduce and db_forget: rows without a look at the machine, and
 * PIF.set_primary_address_type. */
#include "gen/db_pif.h"
#include "gen/db_pif_metrics.h"
#include "gen/errors.h"
#include "gen/ops_pif.h"

bool pif_db_introduce(Call *call, const PifDbIntroduceArgs *args, PifRef *ret_result, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    PifRef pif = db_pif_create(txn);
    db_pif_set_device(txn, pif, args->device);
    db_pif_set_network(txn, pif, args->network);
    db_pif_set_host(txn, pif, args->host);
    db_pif_set_mac(txn, pif, args->mac);
    db_pif_set_mtu(txn, pif, args->mtu);
    db_pif_set_vlan(txn, pif, args->vlan);
    db_pif_set_physical(txn, pif, args->physical);
    db_pif_set_ip_configuration_mode(txn, pif, args->ip_configuration_mode);
    db_pif_set_ip(txn, pif, args->ip);
    db_pif_set_netmask(txn, pif, args->netmask);
    db_pif_set_gateway(txn, pif, args->gateway);
    db_pif_set_dns(txn, pif, args->dns);
    db_pif_set_vlan_master_of(txn, pif, args->vlan_master_of);
    db_pif_set_management(txn, pif, args->management);
    db_pif_set_other_config(txn, pif, value_ref((Value *)args->other_config));
    db_pif_set_disallow_unplug(txn, pif, args->disallow_unplug);
    db_pif_set_ipv6_configuration_mode(txn, pif, args->ipv6_configuration_mode);
    db_pif_set_ipv6(txn, pif, value_ref((Value *)args->ipv6));
    db_pif_set_ipv6_gateway(txn, pif, args->ipv6_gateway);
    db_pif_set_primary_address_type(txn, pif, args->primary_address_type);
    db_pif_set_managed(txn, pif, args->managed);
    db_pif_set_properties(txn, pif, value_ref((Value *)args->properties));
    db_pif_set_currently_attached(txn, pif, false);
    db_pif_set_metrics(txn, pif, db_pif_metrics_create(txn));
    *ret_result = pif;
    return db_commit(txn, err);
}

/* The two messages have the same parameters. */
bool pif_pool_introduce(Call *call, const PifPoolIntroduceArgs *args, PifRef *ret_result, Err **err)
{
    PifDbIntroduceArgs same;
    G_STATIC_ASSERT(sizeof same == sizeof *args);
    memcpy(&same, args, sizeof same);
    return pif_db_introduce(call, &same, ret_result, err);
}

bool pif_db_forget(Call *call, const PifDbForgetArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    db_pif_delete(txn, args->self);
    return db_commit(txn, err);
}

bool pif_set_primary_address_type(Call *call, const PifSetPrimaryAddressTypeArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (db_pif_management(db_txn_view(txn), args->self)) {
        db_abort(txn);
        return err_pif_is_management_interface(err, REF_TEXT(args->self.id));
    }
    db_pif_set_primary_address_type(txn, args->self, args->primary_address_type);
    return db_commit(txn, err);
}
