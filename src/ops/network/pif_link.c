/* From the objects of a PIF to the driver's steps. */
#include "ops/network/pif_link.h"

#include "gen/db_bond.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_vif.h"
#include "gen/db_vlan.h"
#include "gen/errors.h"
#include "ops/network/pif_ip.h"
#include "ops/network/pif_property.h"
#include "ops/network/pif_rows.h"

static bool make_link(Call *call, const DbView *view, PifRef pif, Err **err);
static bool delete_link(Call *call, Op *op, const DbView *view, PifRef pif, Err **err);
static NwBond describe_bond(Call *call, const DbView *view, PifRef pif);

/* Two that are too long to be told apart by their beginnings are told apart by a sum. */
const char *pif_link_name(Call *call, const DbView *view, PifRef pif)
{
    const char *device = db_pif_device(view, pif);
    int64_t tag = db_pif_vlan(view, pif);
    if (tag < 0) {
        return arena_strdup(call->arena, device);
    }
    const char *plain = arena_printf(call->arena, "%s.%d", device, (int)tag);
    return strlen(plain) < NW_NAME_SIZE
               ? plain
               : arena_printf(call->arena, "v%d.%06x", (int)tag, g_str_hash(device) & 0xffffff);
}

bool pif_link_up(Call *call, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    NetworkRef network = db_pif_network(view, pif);
    const NwBridge bridge = {.name = db_network_bridge(view, network),
                             .mtu = db_network_mtu(view, network),
                             .uplink = pif_link_name(call, view, pif),
                             .move_address = true};
    if (!db_pif_managed(view, pif)) {
        return err_pif_unmanaged(err, REF_TEXT(pif.id));
    }
    if (!bond_ref_is_null(db_pif_bond_slave_of(view, pif))) {
        return err_cannot_plug_bond_slave(err, REF_TEXT(pif.id));
    }
    return make_link(call, view, pif, err) &&
           platform_nw_driver(platform)->bridge_create(platform_nw(platform), call->op, &bridge,
                                                       err) &&
           pif_property_apply(call, pif, err) && pif_ip_apply(call, call->op, pif, err) &&
           pif_rows_refresh(call, err);
}

bool pif_link_down(Call *call, Op *op, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    const NwDriver *nw = platform_nw_driver(platform);
    const DbView *view = call_view(call);
    const char *bridge = db_network_bridge(view, db_pif_network(view, pif));
    return pif_ip_withdraw(call, op, pif, err) &&
           nw->bridge_destroy(platform_nw(platform), op, bridge, err) &&
           delete_link(call, op, view, pif, err) && pif_rows_refresh(call, err);
}

bool pif_link_check_down(const DbView *view, PifRef pif, Err **err)
{
    NetworkRef network = db_pif_network(view, pif);
    if (!db_pif_managed(view, pif)) {
        return err_pif_unmanaged(err, REF_TEXT(pif.id));
    }
    if (db_pif_management(view, pif)) {
        return err_pif_is_management_interface(err, REF_TEXT(pif.id));
    }
    for (unsigned i = 0; i < db_network_vifs_count(view, network); i++) {
        VifRef vif = db_network_vifs_at(view, network, i);
        if (db_vif_currently_attached(view, vif)) {
            return err_vif_in_use(err, REF_TEXT(network.id), REF_TEXT(vif.id));
        }
    }
    return !db_pif_disallow_unplug(view, pif) ||
           err_pif_does_not_allow_unplug(err, REF_TEXT(pif.id));
}

bool pif_link_may_rise(Call *call, const DbView *view, PifRef pif)
{
    return platform_config(call_platform(call))->owns_machine || !db_pif_physical(view, pif);
}

static bool make_link(Call *call, const DbView *view, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    const NwDriver *nw = platform_nw_driver(platform);
    VlanRef vlan = db_pif_vlan_master_of(view, pif);
    if (db_vlan_exists(view, vlan)) {
        const char *parent = pif_link_name(call, view, db_vlan_tagged_pif(view, vlan));
        return nw->vlan_create(platform_nw(platform), call->op, pif_link_name(call, view, pif),
                               parent, (unsigned)db_vlan_tag(view, vlan), err);
    }
    if (db_pif_bond_master_of_count(view, pif) > 0) {
        const NwBond bond = describe_bond(call, view, pif);
        return nw->bond_create(platform_nw(platform), call->op, &bond, err);
    }
    return true;
}

/* What pif_link_up() has made besides the bridge. */
static bool delete_link(Call *call, Op *op, const DbView *view, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    const NwDriver *nw = platform_nw_driver(platform);
    const char *name = pif_link_name(call, view, pif);
    if (db_pif_vlan(view, pif) >= 0) {
        return nw->vlan_delete(platform_nw(platform), op, name, err);
    }
    if (db_pif_bond_master_of_count(view, pif) > 0) {
        PifRef heir = db_bond_primary_slave(view, db_pif_bond_master_of_at(view, pif, 0));
        return nw->bond_delete(platform_nw(platform), op, name, db_pif_device(view, heir), err);
    }
    return true;
}

/* The primary member comes first: the bond has what it had. */
static NwBond describe_bond(Call *call, const DbView *view, PifRef pif)
{
    static const NwBondMode modes[] = {[BOND_MODE_BALANCE_SLB] = NW_BOND_SLB,
                                       [BOND_MODE_ACTIVE_BACKUP] = NW_BOND_BACKUP,
                                       [BOND_MODE_LACP] = NW_BOND_LACP};
    BondRef bond = db_pif_bond_master_of_at(view, pif, 0);
    PifRef primary = db_bond_primary_slave(view, bond);
    unsigned count = db_bond_slaves_count(view, bond), used = 0;
    const char **members = arena_new0(call->arena, const char *, count + 2);
    members[used++] = arena_strdup(call->arena, db_pif_device(view, primary));
    for (unsigned i = 0; i < count; i++) {
        PifRef member = db_bond_slaves_at(view, bond, i);
        if (!pif_ref_equal(member, primary)) {
            members[used++] = arena_strdup(call->arena, db_pif_device(view, member));
        }
    }
    const char *hash = db_bond_properties_get(view, bond, "hashing_algorithm");
    return (NwBond){.name = pif_link_name(call, view, pif),
                    .mac = arena_strdup(call->arena, db_pif_mac(view, pif)),
                    .mode = modes[db_bond_mode(view, bond)],
                    .hash_ports = !hash || strcmp(hash, "src_mac") != 0,
                    .members = members};
}
