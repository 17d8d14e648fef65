/* Objects for what the network driver sees.  NICs are only described: nothing about them is changed
 * until an administrator plugs a PIF. */
#include "ops/network/network_startup.h"

#include "base/log.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "ops/network/bridge.h"
#include "ops/network/pif_rows.h"

static NetworkRef find_internal_management(const DbView *view);
static void create_internal_management(DbTxn *txn);

bool network_startup(Call *call, void *user, Err **err)
{
    Platform *platform = user;
    g_autoptr(GArray) interfaces =
        platform_nw_driver(platform)->interfaces(platform_nw(platform), err);
    if (!interfaces) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    if (network_ref_is_null(find_internal_management(db_txn_view(txn)))) {
        create_internal_management(txn);
    }
    for (guint i = 0; i < interfaces->len; i++) {
        const NwInterface *interface = &g_array_index(interfaces, NwInterface, i);
        if (interface->physical) {
            pif_rows_write(txn, platform, interface, interfaces);
        }
    }
    return db_commit(txn, err);
}

static NetworkRef find_internal_management(const DbView *view)
{
    g_autoptr(GArray) networks = db_network_all(view);
    for (guint i = 0; i < networks->len; i++) {
        NetworkRef network = g_array_index(networks, NetworkRef, i);
        if (db_network_other_config_get(view, network, "is_host_internal_management_network")) {
            return network;
        }
    }
    return (NetworkRef){{{0}}};
}

/* As XenServer has it: guests get addresses from 169.254.0.0/16 and can talk to the host. */
static void create_internal_management(DbTxn *txn)
{
    static const char *const config[][2] = {{"is_guest_installer_network", "true"},
                                            {"is_host_internal_management_network", "true"},
                                            {"ip_begin", "169.254.0.1"},
                                            {"ip_end", "169.254.255.254"},
                                            {"netmask", "255.255.0.0"}};
    NetworkRef network = db_network_create(txn);
    db_network_set_name_label(txn, network, "Host internal management network");
    db_network_set_name_description(
        txn, network,
        "Network on which guests will be assigned a private link-local IP address which can be "
        "used to talk XenAPI");
    db_network_set_bridge(txn, network, "xenapi");
    db_network_set_mtu(txn, network, 1500);
    for (size_t i = 0; i < G_N_ELEMENTS(config); i++) {
        db_network_set_other_config_key(txn, network, config[i][0], config[i][1]);
    }
}
