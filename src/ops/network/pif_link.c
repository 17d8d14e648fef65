/* From the objects of a PIF to the driver's steps. */
#include "ops/network/pif_link.h"

#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_vif.h"
#include "gen/db_vlan.h"
#include "gen/errors.h"
#include "ops/network/pif_ip.h"
#include "ops/network/pif_rows.h"

static bool make_link(Call *call, const DbView *view, PifRef pif, Err **err);

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
           pif_ip_apply(call, pif, err) && pif_rows_refresh(call, err);
}

bool pif_link_down(Call *call, Op *op, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    const NwDriver *nw = platform_nw_driver(platform);
    const DbView *view = call_view(call);
    const char *bridge = db_network_bridge(view, db_pif_network(view, pif));
    bool is_vlan = db_pif_vlan(view, pif) >= 0;
    return pif_ip_withdraw(call, op, pif, err) &&
           nw->bridge_destroy(platform_nw(platform), op, bridge, err) &&
           (!is_vlan ||
            nw->vlan_delete(platform_nw(platform), op, pif_link_name(call, view, pif), err)) &&
           pif_rows_refresh(call, err);
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
    return platform_config(call_platform(call))->owns_machine || db_pif_vlan(view, pif) >= 0;
}

static bool make_link(Call *call, const DbView *view, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    VlanRef vlan = db_pif_vlan_master_of(view, pif);
    if (!db_vlan_exists(view, vlan)) {
        return true;
    }
    const char *parent = pif_link_name(call, view, db_vlan_tagged_pif(view, vlan));
    return platform_nw_driver(platform)->vlan_create(platform_nw(platform), call->op,
                                                     pif_link_name(call, view, pif), parent,
                                                     (unsigned)db_vlan_tag(view, vlan), err);
}
