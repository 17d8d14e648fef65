/* PIF.scan, introduce, forget, plug and unplug. */
#include "base/text.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_pif_metrics.h"
#include "gen/db_vif.h"
#include "gen/errors.h"
#include "gen/ops.h"
#include "ops/network/pif_rows.h"
#include "ops/vif/vif_mac.h"

static bool scan(Call *call, Err **err);
static bool check_unpluggable(const DbView *view, PifRef pif, Err **err);

bool pif_scan(Call *call, const PifScanArgs *args, Err **err)
{
    if (!host_ref_equal(args->host, platform_host(call_platform(call)))) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    return scan(call, err);
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
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    if (db_pif_management(view, args->self)) {
        db_abort(txn);
        return err_pif_is_management_interface(err, REF_TEXT(args->self.id));
    }
    db_pif_metrics_delete(txn, db_pif_metrics(view, args->self));
    db_pif_delete(txn, args->self);
    return db_commit(txn, err);
}

/* The bridge takes the NIC's address over, so that the host stays reachable. */
bool pif_plug(Call *call, const PifPlugArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    NetworkRef network = db_pif_network(view, args->self);
    const NwBridge bridge = {.name = db_network_bridge(view, network),
                             .mtu = db_network_mtu(view, network),
                             .uplink = db_pif_device(view, args->self),
                             .move_address = true};
    if (!db_pif_managed(view, args->self)) {
        return err_pif_unmanaged(err, REF_TEXT(args->self.id));
    }
    return platform_nw_driver(platform)->bridge_create(platform_nw(platform), call->op, &bridge,
                                                       err) &&
           scan(call, err);
}

bool pif_unplug(Call *call, const PifUnplugArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    return check_unpluggable(view, args->self, err) &&
           platform_nw_driver(platform)->bridge_destroy(
               platform_nw(platform), call->op,
               db_network_bridge(view, db_pif_network(view, args->self)), err) &&
           scan(call, err);
}

static bool scan(Call *call, Err **err)
{
    Platform *platform = call_platform(call);
    g_autoptr(GArray) interfaces =
        platform_nw_driver(platform)->interfaces(platform_nw(platform), err);
    if (!interfaces) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    for (guint i = 0; i < interfaces->len; i++) {
        const NwInterface *interface = &g_array_index(interfaces, NwInterface, i);
        if (interface->physical) {
            pif_rows_write(txn, platform, interface, interfaces);
        }
    }
    return db_commit(txn, err);
}

static bool check_unpluggable(const DbView *view, PifRef pif, Err **err)
{
    NetworkRef network = db_pif_network(view, pif);
    if (!db_pif_managed(view, pif)) {
        return err_pif_unmanaged(err, REF_TEXT(pif.id));
    }
    if (db_pif_management(view, pif)) {
        return err_pif_is_management_interface(err, REF_TEXT(pif.id));
    }
    if (db_pif_disallow_unplug(view, pif)) {
        return err_pif_does_not_allow_unplug(err, REF_TEXT(pif.id));
    }
    for (unsigned i = 0; i < db_network_vifs_count(view, network); i++) {
        VifRef vif = db_network_vifs_at(view, network, i);
        if (db_vif_currently_attached(view, vif)) {
            return err_vif_in_use(err, REF_TEXT(network.id), REF_TEXT(vif.id));
        }
    }
    return true;
}
