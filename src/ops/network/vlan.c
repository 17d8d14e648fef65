/* VLAN.create, destroy and pool_introduce, and the old forms of them in classes PIF and pool. */
#include "ops/network/vlan.h"

#include "base/text.h"
#include "core/core.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_vlan.h"
#include "gen/errors.h"
#include "gen/ops_pif.h"
#include "gen/ops_pool.h"
#include "gen/ops_vlan.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_link.h"
#include "ops/network/pif_rows.h"

enum { VLAN_TAG_MAX = 4094 };

/* Of every VLAN's PIF, as 6.2 has it: the frames have the tagged interface's. */
static const char VLAN_MAC[] = "fe:ff:ff:ff:ff:ff";

static bool check_new(const DbView *view, PifRef tagged, int64_t tag, NetworkRef network,
                      Err **err);
static VlanRef write_rows(DbTxn *txn, PifRef tagged, int64_t tag, NetworkRef network);
static bool remove_vlan(Call *call, VlanRef vlan, Err **err);
static bool delete_rows(Call *call, VlanRef vlan, Err **err);
static bool make_one(Call *call, PifRef tagged, int64_t tag, NetworkRef network, Value **ret_pifs,
                     Err **err);

bool vlan_create(Call *call, const VlanCreateArgs *args, VlanRef *ret_result, Err **err)
{
    return vlan_make(call, args->tagged_pif, args->tag, args->network, ret_result, err);
}

bool vlan_destroy(Call *call, const VlanDestroyArgs *args, Err **err)
{
    return remove_vlan(call, args->self, err);
}

bool vlan_pool_introduce(Call *call, const VlanPoolIntroduceArgs *args, VlanRef *ret_result,
                         Err **err)
{
    DbTxn *txn = db_begin(call->db);
    VlanRef vlan = db_vlan_create(txn);
    db_vlan_set_tagged_pif(txn, vlan, args->tagged_pif);
    db_vlan_set_untagged_pif(txn, vlan, args->untagged_pif);
    db_vlan_set_tag(txn, vlan, args->tag);
    db_vlan_set_other_config(txn, vlan, value_ref((Value *)args->other_config));
    *ret_result = vlan;
    return db_commit(txn, err);
}

bool pif_create_vlan(Call *call, const PifCreateVlanArgs *args, PifRef *ret_result, Err **err)
{
    const DbView *view = call_view(call);
    PifRef tagged = pif_rows_find(view, args->host, args->device);
    VlanRef vlan;
    if (pif_ref_is_null(tagged)) {
        return err_invalid_value(err, "device", args->device);
    }
    if (!vlan_make(call, tagged, args->vlan, args->network, &vlan, err)) {
        return false;
    }
    *ret_result = db_vlan_untagged_pif(call_view(call), vlan);
    return true;
}

bool pif_destroy(Call *call, const PifDestroyArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    VlanRef vlan = db_pif_vlan_master_of(view, args->self);
    if (db_pif_vlan(view, args->self) < 0 || !db_vlan_exists(view, vlan)) {
        return err_pif_is_physical(err, REF_TEXT(args->self.id));
    }
    return remove_vlan(call, vlan, err);
}

bool pool_create_vlan(Call *call, const PoolCreateVlanArgs *args, Value **ret_result, Err **err)
{
    PifRef tagged =
        pif_rows_find(call_view(call), platform_host(call_platform(call)), args->device);
    return pif_ref_is_null(tagged)
               ? err_invalid_value(err, "device", args->device)
               : make_one(call, tagged, args->vlan, args->network, ret_result, err);
}

/* A PIF stands for its likes on every host; here there is one host. */
bool pool_create_vlan_from_pif(Call *call, const PoolCreateVlanFromPifArgs *args,
                               Value **ret_result, Err **err)
{
    return make_one(call, args->pif, args->vlan, args->network, ret_result, err);
}

bool vlan_check_tag(int64_t tag, Err **err)
{
    char text[TEXT_INT_SIZE];
    return (tag >= 0 && tag <= VLAN_TAG_MAX) ||
           err_vlan_tag_invalid(err, text_format_int(tag, text));
}

bool vlan_check_network(const DbView *view, HostRef host, NetworkRef network, Err **err)
{
    for (unsigned i = 0; i < db_network_pifs_count(view, network); i++) {
        PifRef pif = db_network_pifs_at(view, network, i);
        if (host_ref_equal(db_pif_host(view, pif), host)) {
            return err_network_already_connected(err, REF_TEXT(host.id), REF_TEXT(pif.id));
        }
    }
    return true;
}

bool vlan_make(Call *call, PifRef tagged, int64_t tag, NetworkRef network, VlanRef *ret_vlan,
               Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    if (!check_new(db_txn_view(txn), tagged, tag, network, err)) {
        db_abort(txn);
        return false;
    }
    VlanRef vlan = write_rows(txn, tagged, tag, network);
    if (!db_commit(txn, err)) {
        return false;
    }
    if (!pif_link_up(call, db_vlan_untagged_pif(call_view(call), vlan), err)) {
        g_autoptr(Op) op = core_undo_op();
        pif_link_down(call, op, db_vlan_untagged_pif(call_view(call), vlan), NULL);
        delete_rows(call, vlan, NULL);
        return false;
    }
    *ret_vlan = vlan;
    return true;
}

static bool check_new(const DbView *view, PifRef tagged, int64_t tag, NetworkRef network, Err **err)
{
    if (!db_pif_exists(view, tagged)) {
        return err_handle_invalid(err, "PIF", REF_TEXT(tagged.id));
    }
    if (!vlan_check_network(view, db_pif_host(view, tagged), network, err)) {
        return false;
    }
    if (!bond_ref_is_null(db_pif_bond_slave_of(view, tagged))) {
        return err_cannot_add_vlan_to_bond_slave(err, REF_TEXT(tagged.id));
    }
    if (db_pif_vlan(view, tagged) >= 0) {
        return err_pif_is_vlan(err, REF_TEXT(tagged.id));
    }
    if (!vlan_check_tag(tag, err)) {
        return false;
    }
    for (unsigned i = 0; i < db_pif_vlan_slave_of_count(view, tagged); i++) {
        if (db_vlan_tag(view, db_pif_vlan_slave_of_at(view, tagged, i)) == tag) {
            return err_pif_vlan_exists(err, db_pif_device(view, tagged));
        }
    }
    if (db_pif_tunnel_access_pif_of_count(view, tagged) > 0) {
        return err_is_tunnel_access_pif(err, REF_TEXT(tagged.id));
    }
    return db_pif_managed(view, tagged) || err_pif_unmanaged(err, REF_TEXT(tagged.id));
}

/* The two share their metrics, being one cable. */
static VlanRef write_rows(DbTxn *txn, PifRef tagged, int64_t tag, NetworkRef network)
{
    const DbView *view = db_txn_view(txn);
    VlanRef vlan = db_vlan_create(txn);
    PifRef pif = db_pif_create(txn);
    db_pif_set_device(txn, pif, db_pif_device(view, tagged));
    db_pif_set_host(txn, pif, db_pif_host(view, tagged));
    db_pif_set_network(txn, pif, network);
    db_pif_set_mac(txn, pif, VLAN_MAC);
    db_pif_set_mtu(txn, pif, db_pif_mtu(view, tagged));
    db_pif_set_metrics(txn, pif, db_pif_metrics(view, tagged));
    db_pif_set_vlan(txn, pif, tag);
    db_pif_set_vlan_master_of(txn, pif, vlan);
    db_pif_set_currently_attached(txn, pif, false);
    db_vlan_set_tagged_pif(txn, vlan, tagged);
    db_vlan_set_untagged_pif(txn, vlan, pif);
    db_vlan_set_tag(txn, vlan, tag);
    return vlan;
}

static bool remove_vlan(Call *call, VlanRef vlan, Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    PifRef pif = db_vlan_untagged_pif(view, vlan);
    if (!db_pif_exists(view, pif)) {
        return delete_rows(call, vlan, err);
    }
    return pif_link_check_down(view, pif, err) && pif_link_down(call, call->op, pif, err) &&
           delete_rows(call, vlan, err);
}

static bool delete_rows(Call *call, VlanRef vlan, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    PifRef pif = db_vlan_untagged_pif(db_txn_view(txn), vlan);
    if (db_pif_exists(db_txn_view(txn), pif)) {
        db_pif_delete(txn, pif);
    }
    db_vlan_delete(txn, vlan);
    return db_commit(txn, err);
}

static bool make_one(Call *call, PifRef tagged, int64_t tag, NetworkRef network, Value **ret_pifs,
                     Err **err)
{
    VlanRef vlan;
    if (!vlan_make(call, tagged, tag, network, &vlan, err)) {
        return false;
    }
    Value *pifs = value_new_array(1);
    value_array_add(pifs, value_new_ref(db_vlan_untagged_pif(call_view(call), vlan).id));
    *ret_pifs = pifs;
    return true;
}
