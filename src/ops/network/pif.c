/* PIF.scan, introduce, forget, plug and unplug. */
#include "base/text.h"
#include "gen/db_pif.h"
#include "gen/db_pif_metrics.h"
#include "gen/errors.h"
#include "gen/ops_pif.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_link.h"
#include "ops/network/pif_rows.h"
#include "ops/vif/vif_mac.h"

static bool check_forgettable(const DbView *view, PifRef pif, Err **err);

bool pif_scan(Call *call, const PifScanArgs *args, Err **err)
{
    if (!host_ref_equal(args->host, platform_host(call_platform(call)))) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    return network_turn_keep(call, err) && pif_rows_refresh(call, err);
}

bool pif_introduce(Call *call, const PifIntroduceArgs *args, PifRef *ret_result, Err **err)
{
    Platform *platform = call_platform(call);
    char mac[VIF_MAC_SIZE] = "";
    if (*args->mac && !vif_mac_parse(args->mac, mac)) {
        return err_mac_invalid(err, args->mac);
    }
    if (!pif_ref_is_null(pif_rows_find(call_view(call), args->host, args->device))) {
        return err_duplicate_pif_device_name(err, args->device);
    }
    g_autoptr(GArray) interfaces =
        platform_nw_driver(platform)->interfaces(platform_nw(platform), err);
    if (!interfaces) {
        return false;
    }
    for (guint i = 0; i < interfaces->len; i++) {
        const NwInterface *interface = &g_array_index(interfaces, NwInterface, i);
        if (text_equal(interface->name, args->device) &&
            (!*mac || text_equal(interface->mac, mac))) {
            DbTxn *txn = db_begin(call->db);
            *ret_result = pif_rows_write(txn, platform, interface, interfaces);
            return db_commit(txn, err);
        }
    }
    return err_could_not_find_network_interface_with_specified_device_name_and_mac_address(
        err, args->device, args->mac);
}

bool pif_forget(Call *call, const PifForgetArgs *args, Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    bool is_up = db_pif_currently_attached(view, args->self);
    if (!check_forgettable(view, args->self, err) ||
        (is_up && (!pif_link_check_down(view, args->self, err) ||
                   !pif_link_down(call, call->op, args->self, err)))) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_pif_metrics_delete(txn, db_pif_metrics(db_txn_view(txn), args->self));
    db_pif_delete(txn, args->self);
    return db_commit(txn, err);
}

bool pif_plug(Call *call, const PifPlugArgs *args, Err **err)
{
    return network_turn_keep(call, err) && pif_link_up(call, args->self, err);
}

bool pif_unplug(Call *call, const PifUnplugArgs *args, Err **err)
{
    return network_turn_keep(call, err) && pif_link_check_down(call_view(call), args->self, err) &&
           pif_link_down(call, call->op, args->self, err);
}

static bool check_forgettable(const DbView *view, PifRef pif, Err **err)
{
    bool is_bonded = !bond_ref_is_null(db_pif_bond_slave_of(view, pif)) ||
                     db_pif_bond_master_of_count(view, pif) > 0;
    if (is_bonded) {
        return err_pif_already_bonded(err, REF_TEXT(pif.id));
    }
    if (db_pif_vlan_slave_of_count(view, pif) > 0 || db_pif_vlan(view, pif) >= 0) {
        return err_pif_vlan_still_exists(err, REF_TEXT(pif.id));
    }
    if (db_pif_tunnel_transport_pif_of_count(view, pif) > 0 ||
        db_pif_tunnel_access_pif_of_count(view, pif) > 0) {
        return err_pif_tunnel_still_exists(err, REF_TEXT(pif.id));
    }
    return !db_pif_management(view, pif) || err_pif_is_management_interface(err, REF_TEXT(pif.id));
}
