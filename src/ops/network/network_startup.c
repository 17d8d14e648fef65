/* Objects for what the network driver sees.  NICs are only described: nothing about them is changed
 * until an administrator plugs a PIF; then it is plugged again at every start. */
#include "ops/network/network_startup.h"

#include "base/log.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_ip.h"
#include "ops/network/pif_link.h"
#include "ops/network/pif_rows.h"

static NetworkRef find_internal_management(const DbView *view);
static void create_internal_management(DbTxn *txn);
static GArray *find_plugged(const DbView *view, Platform *platform);
static void plug_again(Call *call, const GArray *wanted);

bool network_startup(Call *call, void *user, Err **err)
{
    Platform *platform = user;
    DbTxn *txn = db_begin(call->db);
    if (network_ref_is_null(find_internal_management(db_txn_view(txn)))) {
        create_internal_management(txn);
    }
    g_autoptr(GArray) wanted = find_plugged(db_txn_view(txn), platform);
    if (!db_commit(txn, err) || !network_turn_keep(call, err) || !pif_rows_refresh(call, err)) {
        return false;
    }
    plug_again(call, wanted);
    return true;
}

/* VLANs come after what they are on. */
static GArray *find_plugged(const DbView *view, Platform *platform)
{
    GArray *plugged = g_array_new(FALSE, FALSE, sizeof(PifRef));
    g_autoptr(GArray) pifs = db_pif_all(view);
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        if (db_pif_currently_attached(view, pif) &&
            host_ref_equal(db_pif_host(view, pif), platform_host(platform))) {
            bool is_vlan = db_pif_vlan(view, pif) >= 0;
            g_array_insert_val(plugged, is_vlan ? plugged->len : 0, pif);
        }
    }
    return plugged;
}

/* The machine has started anew, or somebody took an interface away.  A host without one of its
 * networks is better than none. */
static void plug_again(Call *call, const GArray *wanted)
{
    for (guint i = 0; i < wanted->len; i++) {
        PifRef pif = g_array_index(wanted, PifRef, i);
        g_autoptr(Err) error = NULL;
        bool is_up = db_pif_currently_attached(call_view(call), pif);
        if (is_up ? !pif_ip_apply(call, call->op, pif, &error) : !pif_link_up(call, pif, &error)) {
            g_autofree char *text = err_to_string(error);
            log_error("PIF %s is not as it was: %s", db_pif_uuid(call_view(call), pif), text);
        }
    }
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
