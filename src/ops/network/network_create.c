/* network.create, destroy and attach. */
#include "core/record.h"
#include "gen/db_network.h"
#include "gen/db_vif.h"
#include "gen/errors.h"
#include "gen/ops_network.h"
#include "ops/network/bridge.h"

enum {
    DEFAULT_MTU = 1500,
    BRIDGE_NAME_MAX = 15, /* of the kernel */
    BRIDGE_NUMBERS = 100000,
};

static bool is_bridge_used(const DbView *view, const char *bridge);
static bool check_bridge(const DbView *view, const char *bridge, Err **err);
static void choose_bridge(DbTxn *txn, NetworkRef network);

bool network_create(Call *call, const NetworkCreateArgs *args, NetworkRef *ret_result, Err **err)
{
    const char *bridge = value_get_string(args->record, "bridge");
    bool has_bridge = bridge && *bridge;
    DbTxn *txn = db_begin(call->db);
    if (has_bridge && !check_bridge(db_txn_view(txn), bridge, err)) {
        db_abort(txn);
        return false;
    }
    NetworkRef network = db_network_create(txn);
    record_write_new(txn, CLASS_NETWORK, network.id, args->record);
    if (db_network_mtu(db_txn_view(txn), network) <= 0) {
        db_network_set_mtu(txn, network, DEFAULT_MTU);
    }
    if (!has_bridge) {
        choose_bridge(txn, network);
    }
    *ret_result = network;
    return db_commit(txn, err);
}

bool network_destroy(Call *call, const NetworkDestroyArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    Platform *platform = call_platform(call);
    NetworkRef network = args->self;
    g_autoptr(GArray) vifs = db_network_vifs_array(view, network);
    for (guint i = 0; i < vifs->len; i++) {
        VifRef vif = g_array_index(vifs, VifRef, i);
        if (db_vif_currently_attached(view, vif)) {
            return err_network_contains_vif(err, REF_TEXT(vif.id));
        }
    }
    if (db_network_pifs_count(view, network) > 0) {
        return err_network_contains_pif(err, REF_TEXT(db_network_pifs_at(view, network, 0).id));
    }
    if (db_network_other_config_get(view, network, "is_host_internal_management_network")) {
        return err_cannot_destroy_system_network(err, REF_TEXT(network.id));
    }
    if (!platform_nw_driver(platform)->bridge_destroy(platform_nw(platform), call->op,
                                                      db_network_bridge(view, network), err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    for (guint i = 0; i < vifs->len; i++) {
        db_vif_delete(txn, g_array_index(vifs, VifRef, i));
    }
    db_network_delete(txn, network);
    return db_commit(txn, err);
}

bool network_attach(Call *call, const NetworkAttachArgs *args, Err **err)
{
    if (!host_ref_equal(args->host, platform_host(call_platform(call)))) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    return bridge_ensure(call, call_view(call), args->network, (VmRef){{{0}}}, err);
}

static bool is_bridge_used(const DbView *view, const char *bridge)
{
    g_autoptr(GArray) networks = db_network_all(view);
    for (guint i = 0; i < networks->len; i++) {
        NetworkRef network = g_array_index(networks, NetworkRef, i);
        if (strcmp(db_network_bridge(view, network), bridge) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_bridge(const DbView *view, const char *bridge, Err **err)
{
    static const char *const reserved[] = {"xen", "xapi", "vif", "tap", "eth"};
    for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++) {
        if (g_str_has_prefix(bridge, reserved[i])) {
            return err_invalid_value(err, "bridge", bridge);
        }
    }
    if (strlen(bridge) > BRIDGE_NAME_MAX || strpbrk(bridge, "/ \t\n")) {
        return err_invalid_value(err, "bridge", bridge);
    }
    return !is_bridge_used(view, bridge) || err_bridge_name_exists(err, bridge);
}

static void choose_bridge(DbTxn *txn, NetworkRef network)
{
    for (unsigned i = 0; i < BRIDGE_NUMBERS; i++) {
        char bridge[BRIDGE_NAME_MAX + 1];
        g_snprintf(bridge, sizeof bridge, "xapi%u", i);
        if (!is_bridge_used(db_txn_view(txn), bridge)) {
            db_network_set_bridge(txn, network, bridge);
            return;
        }
    }
}
