/* PIF.set_property: how a card works.  What shares a card shares its settings. */
#include "ops/network/pif_property.h"

#include "base/text.h"
#include "gen/db_bond.h"
#include "gen/db_pif.h"
#include "gen/db_vlan.h"
#include "gen/errors.h"
#include "gen/ops_pif.h"
#include "ops/network/network_turn.h"

static const char RECEIVE_OFFLOAD[] = "gro";

static bool check(const DbView *view, const PifSetPropertyArgs *args, Err **err);
static void write_setting(DbTxn *txn, PifRef pif, const char *name, const char *value);

bool pif_set_property(Call *call, const PifSetPropertyArgs *args, Err **err)
{
    if (!network_turn_keep(call, err) || !check(call_view(call), args, err)) {
        return false;
    }
    g_autoptr(Value) before = value_ref((Value *)db_pif_properties(call_view(call), args->self));
    const char *old = value_get_string(before, args->name);
    g_autofree char *old_value = g_strdup(old ? old : "on");
    DbTxn *txn = db_begin(call->db);
    write_setting(txn, args->self, args->name, args->value);
    if (!db_commit(txn, err)) {
        return false;
    }
    if (!db_pif_currently_attached(call_view(call), args->self) ||
        pif_property_apply(call, args->self, err)) {
        return true;
    }
    txn = db_begin(call->db);
    write_setting(txn, args->self, args->name, old_value);
    db_commit(txn, NULL);
    return false;
}

bool pif_property_apply(Call *call, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    const NwDriver *nw = platform_nw_driver(platform);
    const DbView *view = call_view(call);
    const char *value = db_pif_properties_get(view, pif, RECEIVE_OFFLOAD);
    bool is_on = text_equal(value, "on");
    if (!value || db_pif_vlan(view, pif) >= 0) {
        return true; /* the card is as it was made, or the interface below has it */
    }
    bool ok = nw->set_receive_offload(platform_nw(platform), call->op, db_pif_device(view, pif),
                                      is_on, err);
    for (unsigned i = 0; ok && db_pif_bond_master_of_count(view, pif) > 0 &&
                         i < db_bond_slaves_count(view, db_pif_bond_master_of_at(view, pif, 0));
         i++) {
        PifRef member = db_bond_slaves_at(view, db_pif_bond_master_of_at(view, pif, 0), i);
        ok = nw->set_receive_offload(platform_nw(platform), call->op, db_pif_device(view, member),
                                     is_on, err);
    }
    return ok;
}

static bool check(const DbView *view, const PifSetPropertyArgs *args, Err **err)
{
    if (!text_equal(args->name, RECEIVE_OFFLOAD) ||
        (!text_equal(args->value, "on") && !text_equal(args->value, "off"))) {
        g_autofree char *given = g_strdup_printf("%s = %s", args->name, args->value);
        return err_invalid_value(err, "properties", given);
    }
    bool is_derived = db_pif_vlan(view, args->self) >= 0 ||
                      db_pif_tunnel_access_pif_of_count(view, args->self) > 0 ||
                      !bond_ref_is_null(db_pif_bond_slave_of(view, args->self));
    return !is_derived || err_cannot_change_pif_properties(err, REF_TEXT(args->self.id));
}

/* Members of a bond and VLANs follow. */
static void write_setting(DbTxn *txn, PifRef pif, const char *name, const char *value)
{
    const DbView *view = db_txn_view(txn);
    db_pif_set_properties_key(txn, pif, name, value);
    if (db_pif_bond_master_of_count(view, pif) > 0) {
        g_autoptr(GArray) members =
            db_bond_slaves_array(view, db_pif_bond_master_of_at(view, pif, 0));
        for (guint i = 0; i < members->len; i++) {
            db_pif_set_properties_key(txn, g_array_index(members, PifRef, i), name, value);
        }
    }
    g_autoptr(GArray) vlans = db_pif_vlan_slave_of_array(view, pif);
    for (guint i = 0; i < vlans->len; i++) {
        VlanRef vlan = g_array_index(vlans, VlanRef, i);
        db_pif_set_properties_key(txn, db_vlan_untagged_pif(view, vlan), name, value);
    }
}
