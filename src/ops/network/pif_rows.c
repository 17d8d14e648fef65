/* A NIC is plugged when it is a port of its network's bridge.  While nobody has chosen a management
 * interface, it is the one that has the address of the settings. */
#include "ops/network/pif_rows.h"

#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_pif_metrics.h"
#include "ops/host/host_address.h"
#include "ops/network/bond_rows.h"
#include "ops/network/ip_text.h"
#include "ops/network/pif_link.h"

static PifRef create_pif(DbTxn *txn, Platform *platform, const NwInterface *nic);
static NetworkRef find_or_create_network(DbTxn *txn, const char *device);
static void write_address(DbTxn *txn, Platform *platform, PifRef pif, const NwInterface *holder);
static void write_metrics(DbTxn *txn, PifRef pif, const NwInterface *nic);
static void write_derived(DbTxn *txn, Call *call, PifRef pif, const GArray *all);
static const NwInterface *find_interface(const GArray *all, const char *name);

PifRef pif_rows_write(DbTxn *txn, Platform *platform, const NwInterface *nic, const GArray *all)
{
    PifRef pif = pif_rows_find(db_txn_view(txn), platform_host(platform), nic->name);
    if (pif_ref_is_null(pif)) {
        pif = create_pif(txn, platform, nic);
    }
    const char *bridge = db_network_bridge(db_txn_view(txn), db_pif_network(db_txn_view(txn), pif));
    bool is_plugged = strcmp(nic->master, bridge) == 0;
    const NwInterface *holder = is_plugged ? find_interface(all, bridge) : NULL;
    db_pif_set_currently_attached(txn, pif, is_plugged);
    db_pif_set_mac(txn, pif, nic->mac);
    db_pif_set_mtu(txn, pif, nic->mtu);
    write_address(txn, platform, pif, holder ? holder : nic);
    write_metrics(txn, pif, nic);
    return pif;
}

bool pif_rows_refresh(Call *call, Err **err)
{
    Platform *platform = call_platform(call);
    g_autoptr(GArray) all = platform_nw_driver(platform)->interfaces(platform_nw(platform), err);
    if (!all) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    for (guint i = 0; i < all->len; i++) {
        const NwInterface *interface = &g_array_index(all, NwInterface, i);
        if (interface->physical) {
            pif_rows_write(txn, platform, interface, all);
        }
    }
    g_autoptr(GArray) pifs = db_pif_all(db_txn_view(txn));
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        bool is_derived = db_pif_vlan(db_txn_view(txn), pif) >= 0 ||
                          db_pif_bond_master_of_count(db_txn_view(txn), pif) > 0;
        if (is_derived &&
            host_ref_equal(db_pif_host(db_txn_view(txn), pif), platform_host(platform))) {
            write_derived(txn, call, pif, all);
        }
    }
    host_address_follow(txn, platform);
    return db_commit(txn, err);
}

PifRef pif_rows_find(const DbView *view, HostRef host, const char *device)
{
    g_autoptr(GArray) pifs = db_pif_all(view);
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        if (host_ref_equal(db_pif_host(view, pif), host) && db_pif_vlan(view, pif) < 0 &&
            strcmp(db_pif_device(view, pif), device) == 0) {
            return pif;
        }
    }
    return (PifRef){{{0}}};
}

char *pif_rows_bridge_name(const char *device)
{
    uint64_t number;
    if (g_str_has_prefix(device, "eth") && text_parse_uint(device + 3, 9999, &number)) {
        return g_strdup_printf("xenbr%" G_GUINT64_FORMAT, number);
    }
    return g_strdup_printf("br%.13s", device);
}

static PifRef create_pif(DbTxn *txn, Platform *platform, const NwInterface *nic)
{
    PifRef pif = db_pif_create(txn);
    db_pif_set_device(txn, pif, nic->name);
    db_pif_set_host(txn, pif, platform_host(platform));
    db_pif_set_network(txn, pif, find_or_create_network(txn, nic->name));
    db_pif_set_vlan(txn, pif, -1);
    db_pif_set_physical(txn, pif, true);
    db_pif_set_metrics(txn, pif, db_pif_metrics_create(txn));
    return pif;
}

static NetworkRef find_or_create_network(DbTxn *txn, const char *device)
{
    const DbView *view = db_txn_view(txn);
    g_autofree char *bridge = pif_rows_bridge_name(device);
    g_autoptr(GArray) networks = db_network_all(view);
    for (guint i = 0; i < networks->len; i++) {
        NetworkRef network = g_array_index(networks, NetworkRef, i);
        if (strcmp(db_network_bridge(view, network), bridge) == 0) {
            return network;
        }
    }
    g_autofree char *label = g_strdup_printf("Pool-wide network associated with %s", device);
    NetworkRef network = db_network_create(txn);
    db_network_set_name_label(txn, network, label);
    db_network_set_bridge(txn, network, bridge);
    db_network_set_mtu(txn, network, 1500);
    return network;
}

static void write_address(DbTxn *txn, Platform *platform, PifRef pif, const NwInterface *holder)
{
    char netmask[INET_ADDRSTRLEN] = "";
    if (*holder->ipv4) {
        ip_text_format_netmask(holder->ipv4_prefix, netmask);
    }
    bool is_set = db_pif_addresses_set(db_txn_view(txn), pif);
    bool is_dhcp =
        db_pif_ip_configuration_mode(db_txn_view(txn), pif) == IP_CONFIGURATION_MODE_DHCP;
    if (!is_set || is_dhcp) {
        db_pif_set_ip(txn, pif, holder->ipv4);
        db_pif_set_netmask(txn, pif, netmask);
        db_pif_set_gateway(txn, pif, holder->gateway);
    }
    if (!is_set) {
        db_pif_set_ip_configuration_mode(
            txn, pif, *holder->ipv4 ? IP_CONFIGURATION_MODE_STATIC : IP_CONFIGURATION_MODE_NONE);
    }
    if (!db_host_management_set(db_txn_view(txn), platform_host(platform))) {
        bool is_named = strcmp(holder->ipv4, platform_config(platform)->address) == 0;
        db_pif_set_management(txn, pif, *holder->ipv4 && is_named);
    }
}

static void write_metrics(DbTxn *txn, PifRef pif, const NwInterface *nic)
{
    PifMetricsRef metrics = db_pif_metrics(db_txn_view(txn), pif);
    db_pif_metrics_set_carrier(txn, metrics, nic->carrier);
    db_pif_metrics_set_speed(txn, metrics, MAX(nic->speed_mbps, 0));
    db_pif_metrics_set_duplex(txn, metrics, nic->full_duplex);
    db_pif_metrics_set_vendor_id(txn, metrics, nic->vendor_id);
    db_pif_metrics_set_device_id(txn, metrics, nic->device_id);
    db_pif_metrics_set_device_name(txn, metrics, nic->name);
    db_pif_metrics_set_pci_bus_path(txn, metrics, nic->pci_path);
    db_pif_metrics_set_last_updated(txn, metrics, g_get_real_time() / USEC_PER_SEC);
}

/* A VLAN or a bond.  Its MAC stays what it is, and the metrics of a VLAN are its card's. */
static void write_derived(DbTxn *txn, Call *call, PifRef pif, const GArray *all)
{
    const DbView *view = db_txn_view(txn);
    const char *bridge = db_network_bridge(view, db_pif_network(view, pif));
    const NwInterface *link = find_interface(all, pif_link_name(call, view, pif));
    const NwInterface *holder = find_interface(all, bridge);
    bool is_plugged = link && holder && strcmp(link->master, bridge) == 0;
    db_pif_set_currently_attached(txn, pif, is_plugged);
    if (is_plugged) {
        db_pif_set_mtu(txn, pif, holder->mtu);
        write_address(txn, call_platform(call), pif, holder);
    }
    if (db_pif_bond_master_of_count(view, pif) > 0) {
        bond_rows_write_links(txn, db_pif_bond_master_of_at(view, pif, 0), all);
    }
}

static const NwInterface *find_interface(const GArray *all, const char *name)
{
    for (guint i = 0; i < all->len; i++) {
        const NwInterface *interface = &g_array_index(all, NwInterface, i);
        if (strcmp(interface->name, name) == 0) {
            return interface;
        }
    }
    return NULL;
}
