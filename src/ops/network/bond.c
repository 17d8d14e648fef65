/* Bond.create, destroy, set_mode and set_property.
 *
 * The members' interfaces go down, the rows move, the bond comes up, and the guests that were on
 * the members' networks follow; taking a bond apart is the same the other way round.  A start that
 * fails is taken back the same way. */
#include "base/log.h"
#include "core/core.h"
#include "gen/db_bond.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_pool.h"
#include "gen/db_vif.h"
#include "gen/db_vlan.h"
#include "gen/errors.h"
#include "gen/ops_bond.h"
#include "gen/ops_vif.h"
#include "ops/network/bond_rows.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_link.h"
#include "ops/network/vlan.h"
#include "ops/vif/vif_mac.h"
#include "ops/vif/vif_move.h"

static GArray *unique_members(const Value *members);
static bool check_members(Call *call, const DbView *view, const GArray *members, Err **err);
static bool check_member(Call *call, const DbView *view, PifRef pif, Err **err);
static bool check_tags(const DbView *view, const GArray *members, Err **err);
static GArray *plugged(const DbView *view, const GArray *pifs);
static GArray *plugged_vlans(const DbView *view, const GArray *pifs);
static bool take_down(Call *call, Op *op, const GArray *pifs, Err **err);
static bool bring_up(Call *call, const GArray *pifs, Err **err);
static bool move_vifs(Call *call, const GArray *from, NetworkRef to, Err **err);
static bool take_apart(Call *call, BondRef bond, const GArray *raised, Err **err);
static bool rebuild(Call *call, BondRef bond, Err **err);

bool bond_create(Call *call, const BondCreateArgs *args, BondRef *ret_result, Err **err)
{
    g_autoptr(GArray) members = unique_members(args->members);
    g_autoptr(Value) properties = NULL;
    char mac[VIF_MAC_SIZE] = "";
    if (!network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    if (members->len == 0) {
        return err_pif_bond_needs_more_members(err);
    }
    if (!vlan_check_network(view, platform_host(call_platform(call)), args->network, err)) {
        return false;
    }
    if (*args->mac && !vif_mac_parse(args->mac, mac)) {
        return err_mac_invalid(err, args->mac);
    }
    if (!bond_rows_check_properties(args->mode, args->properties, &properties, err) ||
        !check_members(call, view, members, err) || !check_tags(view, members, err)) {
        return false;
    }
    g_autoptr(GArray) vlans = plugged_vlans(view, members);
    g_autoptr(GArray) cards = plugged(view, members);
    if (!take_down(call, call->op, vlans, err) || !take_down(call, call->op, cards, err)) {
        bring_up(call, cards, NULL);
        bring_up(call, vlans, NULL);
        return false;
    }
    const BondPlan plan = {args->network, members, mac, args->mode, g_steal_pointer(&properties)};
    DbTxn *txn = db_begin(call->db);
    BondRef bond = bond_rows_create(txn, &plan);
    if (!db_commit(txn, err)) {
        return false;
    }
    if (!pif_link_up(call, db_bond_master(call_view(call), bond), err) ||
        !bring_up(call, vlans, err) || !move_vifs(call, members, args->network, err)) {
        g_autoptr(Err) error = NULL;
        if (!take_apart(call, bond, cards, &error)) {
            g_autofree char *text = err_to_string(error);
            log_error("a bond that could not be made stays: %s", text);
        }
        return false;
    }
    *ret_result = bond;
    return true;
}

bool bond_destroy(Call *call, const BondDestroyArgs *args, Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    bool is_management = db_pif_management(view, db_bond_master(view, args->self));
    if (is_management && db_pool_ha_enabled(view, platform_pool(call_platform(call)))) {
        return err_ha_cannot_change_bond_status_of_mgmt_iface(err);
    }
    bool is_up = db_pif_currently_attached(view, db_bond_master(view, args->self));
    g_autoptr(GArray) members = db_bond_slaves_array(view, args->self);
    if (!is_up) {
        g_array_set_size(members, 0);
    }
    return take_apart(call, args->self, members, err);
}

bool bond_set_mode(Call *call, const BondSetModeArgs *args, Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    const Value *properties = db_bond_properties(db_txn_view(txn), args->self);
    Value *fitting = bond_rows_fit_properties(args->value, properties);
    db_bond_set_mode(txn, args->self, args->value);
    db_bond_set_properties(txn, args->self, fitting);
    return db_commit(txn, err) && rebuild(call, args->self, err);
}

bool bond_set_property(Call *call, const BondSetPropertyArgs *args, Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    g_autoptr(Value) wanted = value_struct_with(db_bond_properties(view, args->self), args->name,
                                                value_new_string(args->value));
    g_autoptr(Value) all = NULL;
    if (!bond_rows_check_properties(db_bond_mode(view, args->self), wanted, &all, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_bond_set_properties(txn, args->self, g_steal_pointer(&all));
    return db_commit(txn, err) && rebuild(call, args->self, err);
}

static GArray *unique_members(const Value *members)
{
    GArray *unique = g_array_new(FALSE, FALSE, sizeof(PifRef));
    for (unsigned i = 0; i < value_count(members); i++) {
        PifRef pif = {value_uuid(value_at(members, i))};
        bool is_new = true;
        for (guint k = 0; k < unique->len; k++) {
            is_new = is_new && !pif_ref_equal(g_array_index(unique, PifRef, k), pif);
        }
        if (is_new) {
            g_array_append_val(unique, pif);
        }
    }
    return unique;
}

static bool check_members(Call *call, const DbView *view, const GArray *members, Err **err)
{
    for (guint i = 0; i < members->len; i++) {
        if (!check_member(call, view, g_array_index(members, PifRef, i), err)) {
            return false;
        }
    }
    for (guint i = 0; i < members->len; i++) {
        HostRef host = db_pif_host(view, g_array_index(members, PifRef, i));
        if (!host_ref_equal(host, platform_host(call_platform(call)))) {
            return err_pif_cannot_bond_cross_host(err);
        }
    }
    return true;
}

static bool check_member(Call *call, const DbView *view, PifRef pif, Err **err)
{
    if (!db_pif_exists(view, pif)) {
        return err_handle_invalid(err, "PIF", REF_TEXT(pif.id));
    }
    if (!bond_ref_is_null(db_pif_bond_slave_of(view, pif)) ||
        db_pif_bond_master_of_count(view, pif) > 0) {
        return err_pif_already_bonded(err, REF_TEXT(pif.id));
    }
    if (db_pif_vlan(view, pif) >= 0) {
        return err_pif_vlan_exists(err, db_pif_device(view, pif));
    }
    if (db_pif_tunnel_access_pif_of_count(view, pif) > 0) {
        return err_is_tunnel_access_pif(err, REF_TEXT(pif.id));
    }
    if (!db_pif_managed(view, pif)) {
        return err_pif_unmanaged(err, REF_TEXT(pif.id));
    }
    return !db_pif_management(view, pif) ||
           !db_pool_ha_enabled(view, platform_pool(call_platform(call))) ||
           err_ha_cannot_change_bond_status_of_mgmt_iface(err);
}

/* Two members with the same tag would become one VLAN in two networks. */
static bool check_tags(const DbView *view, const GArray *members, Err **err)
{
    g_autoptr(GHashTable) tags = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < members->len; i++) {
        PifRef pif = g_array_index(members, PifRef, i);
        for (unsigned k = 0; k < db_pif_vlan_slave_of_count(view, pif); k++) {
            int64_t tag = db_vlan_tag(view, db_pif_vlan_slave_of_at(view, pif, k));
            if (!g_hash_table_add(tags, GINT_TO_POINTER((int)tag))) {
                return err_pif_vlan_exists(err, db_pif_device(view, pif));
            }
        }
    }
    return true;
}

static GArray *plugged(const DbView *view, const GArray *pifs)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(PifRef));
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        if (db_pif_currently_attached(view, pif)) {
            g_array_append_val(found, pif);
        }
    }
    return found;
}

static GArray *plugged_vlans(const DbView *view, const GArray *pifs)
{
    GArray *vlans = g_array_new(FALSE, FALSE, sizeof(PifRef));
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        for (unsigned k = 0; k < db_pif_vlan_slave_of_count(view, pif); k++) {
            PifRef vlan = db_vlan_untagged_pif(view, db_pif_vlan_slave_of_at(view, pif, k));
            if (db_pif_currently_attached(view, vlan)) {
                g_array_append_val(vlans, vlan);
            }
        }
    }
    return vlans;
}

static bool take_down(Call *call, Op *op, const GArray *pifs, Err **err)
{
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        if (db_pif_currently_attached(call_view(call), pif) && !pif_link_down(call, op, pif, err)) {
            return false;
        }
    }
    return true;
}

static bool bring_up(Call *call, const GArray *pifs, Err **err)
{
    for (guint i = 0; i < pifs->len; i++) {
        if (!pif_link_up(call, g_array_index(pifs, PifRef, i), err)) {
            return false;
        }
    }
    return true;
}

/* Guests that run have lost their bridge meanwhile, and get another. */
static bool move_vifs(Call *call, const GArray *from, NetworkRef to, Err **err)
{
    const DbView *view = call_view(call);
    for (guint i = 0; i < from->len; i++) {
        NetworkRef network = db_pif_network(view, g_array_index(from, PifRef, i));
        for (unsigned k = 0; k < db_network_vifs_count(view, network); k++) {
            if (!vif_move_to(call, db_network_vifs_at(view, network, k), to, err)) {
                return false;
            }
        }
    }
    return true;
}

/* `raised` is what comes up instead of the bond. */
static bool take_apart(Call *call, BondRef bond, const GArray *raised, Err **err)
{
    const DbView *view = call_view(call);
    PifRef master = db_bond_master(view, bond), primary = db_bond_primary_slave(view, bond);
    g_autoptr(GArray) masters = g_array_new(FALSE, FALSE, sizeof(PifRef));
    g_array_append_val(masters, master);
    g_autoptr(GArray) vlans = plugged_vlans(view, masters);
    NetworkRef network = db_pif_network(view, primary);
    NetworkRef bonded = db_pif_network(view, master);
    g_autoptr(Op) op = core_undo_op();
    if (!take_down(call, op, vlans, err) || !pif_link_down(call, op, master, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    bond_rows_delete(txn, bond);
    if (!db_commit(txn, err) || !bring_up(call, raised, err) || !bring_up(call, vlans, err)) {
        return false;
    }
    view = call_view(call);
    for (unsigned i = 0; i < db_network_vifs_count(view, bonded); i++) {
        if (!vif_move_to(call, db_network_vifs_at(view, bonded, i), network, err)) {
            return false;
        }
    }
    return true;
}

/* The kernel changes what a bond is like only while it has no members. */
static bool rebuild(Call *call, BondRef bond, Err **err)
{
    const DbView *view = call_view(call);
    PifRef master = db_bond_master(view, bond);
    if (!db_pif_currently_attached(view, master)) {
        return true;
    }
    g_autoptr(GArray) masters = g_array_new(FALSE, FALSE, sizeof(PifRef));
    g_array_append_val(masters, master);
    g_autoptr(GArray) vlans = plugged_vlans(view, masters);
    NetworkRef network = db_pif_network(view, master);
    return take_down(call, call->op, vlans, err) && pif_link_down(call, call->op, master, err) &&
           pif_link_up(call, master, err) && bring_up(call, vlans, err) &&
           move_vifs(call, masters, network, err);
}
