/* Rows of bonds. */
#include "ops/network/bond_rows.h"

#include "gen/db_bond.h"
#include "gen/db_host.h"
#include "gen/db_pif.h"
#include "gen/db_pif_metrics.h"
#include "gen/db_vlan.h"
#include "gen/errors.h"
#include "ops/message/alert.h"

enum { BOND_NUMBERS = 10000 };

static const char HASH_KEY[] = "hashing_algorithm";
static const char HASH_DEFAULT[] = "tcpudp_ports";

static void write_alert(DbTxn *txn, BondRef bond, int64_t up, int64_t before);
static int compare_names(gconstpointer a, gconstpointer b);
static bool is_valid(BondMode mode, const char *key, const char *value);
static char *choose_device(const DbView *view, HostRef host);
static void move_addresses(DbTxn *txn, PifRef from, PifRef to);
static void move_vlans(DbTxn *txn, PifRef from, PifRef to);

bool bond_rows_check_properties(BondMode mode, const Value *properties, Value **ret_all, Err **err)
{
    for (unsigned i = 0; i < value_count(properties); i++) {
        const char *key = value_name_at(properties, i);
        const char *value = value_string(value_at(properties, i));
        if (!is_valid(mode, key, value)) {
            g_autofree char *given = g_strdup_printf("%s = %s", key, value);
            return err_invalid_value(err, "properties", given);
        }
    }
    *ret_all = bond_rows_fit_properties(mode, properties);
    return true;
}

Value *bond_rows_fit_properties(BondMode mode, const Value *properties)
{
    Value *all = value_new_struct(1);
    const char *hash = value_get_string(properties, HASH_KEY);
    if (mode == BOND_MODE_LACP) {
        bool usable = hash && is_valid(mode, HASH_KEY, hash);
        value_struct_add_static(all, HASH_KEY, value_new_string(usable ? hash : HASH_DEFAULT));
    }
    return all;
}

PifRef bond_rows_choose_primary(const DbView *view, const GArray *members)
{
    PifRef chosen = g_array_index(members, PifRef, 0);
    bool has_address = false;
    for (guint i = 0; i < members->len; i++) {
        PifRef pif = g_array_index(members, PifRef, i);
        if (db_pif_management(view, pif)) {
            return pif;
        }
        if (!has_address && db_pif_ip_configuration_mode(view, pif) != IP_CONFIGURATION_MODE_NONE) {
            has_address = true;
            chosen = pif;
        }
    }
    return chosen;
}

BondRef bond_rows_create(DbTxn *txn, const BondPlan *plan)
{
    const DbView *view = db_txn_view(txn);
    PifRef primary = bond_rows_choose_primary(view, plan->members);
    HostRef host = db_pif_host(view, primary);
    g_autofree char *device = choose_device(view, host);
    BondRef bond = db_bond_create(txn);
    PifRef master = db_pif_create(txn);
    db_pif_set_device(txn, master, device);
    db_pif_set_host(txn, master, host);
    db_pif_set_network(txn, master, plan->network);
    db_pif_set_mac(txn, master, *plan->mac ? plan->mac : db_pif_mac(view, primary));
    db_pif_set_mtu(txn, master, -1);
    db_pif_set_vlan(txn, master, -1);
    db_pif_set_metrics(txn, master, db_pif_metrics_create(txn));
    /* Not yet; but should the daemon end here, its next start brings the bond up. */
    db_pif_set_currently_attached(txn, master, true);
    db_bond_set_master(txn, bond, master);
    db_bond_set_primary_slave(txn, bond, primary);
    db_bond_set_mode(txn, bond, plan->mode);
    db_bond_set_properties(txn, bond, plan->properties);
    move_addresses(txn, primary, master);
    for (guint i = 0; i < plan->members->len; i++) {
        PifRef member = g_array_index(plan->members, PifRef, i);
        db_pif_set_bond_slave_of(txn, member, bond);
        move_vlans(txn, member, master);
        if (db_pif_disallow_unplug(view, member)) {
            db_pif_set_disallow_unplug(txn, master, true);
            db_pif_set_disallow_unplug(txn, member, false);
        }
    }
    return bond;
}

void bond_rows_write_links(DbTxn *txn, BondRef bond, const GArray *interfaces)
{
    const DbView *view = db_txn_view(txn);
    PifRef master = db_bond_master(view, bond);
    const char *device = db_pif_device(view, master);
    int64_t up = 0, before = db_bond_links_up(view, bond);
    for (guint i = 0; i < interfaces->len; i++) {
        const NwInterface *interface = &g_array_index(interfaces, NwInterface, i);
        up += strcmp(interface->master, device) == 0 && interface->carrier;
    }
    db_bond_set_links_up(txn, bond, up);
    db_pif_metrics_set_carrier(txn, db_pif_metrics(view, master), up > 0);
    unsigned count = db_bond_slaves_count(view, bond);
    bool is_new = before == 0 && up == count;
    if (db_pif_currently_attached(view, master) && up != before && !is_new) {
        write_alert(txn, bond, up, before);
    }
}

void bond_rows_delete(DbTxn *txn, BondRef bond)
{
    const DbView *view = db_txn_view(txn);
    PifRef master = db_bond_master(view, bond), primary = db_bond_primary_slave(view, bond);
    g_autoptr(GArray) members = db_bond_slaves_array(view, bond);
    move_addresses(txn, master, primary);
    move_vlans(txn, master, primary);
    if (db_pif_disallow_unplug(view, master)) {
        db_pif_set_disallow_unplug(txn, primary, true);
    }
    for (guint i = 0; i < members->len; i++) {
        db_pif_set_bond_slave_of(txn, g_array_index(members, PifRef, i), (BondRef){{{0}}});
    }
    db_pif_metrics_delete(txn, db_pif_metrics(view, master));
    db_bond_delete(txn, bond);
    db_pif_delete(txn, master);
}

/* "The status of the eth0+eth1 bond changed: 1/2 up (was 2/2)", about the host. */
static void write_alert(DbTxn *txn, BondRef bond, int64_t up, int64_t before)
{
    const DbView *view = db_txn_view(txn);
    unsigned count = db_bond_slaves_count(view, bond);
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    for (unsigned i = 0; i < count; i++) {
        g_ptr_array_add(devices, (char *)db_pif_device(view, db_bond_slaves_at(view, bond, i)));
    }
    g_ptr_array_sort(devices, compare_names);
    g_ptr_array_add(devices, NULL);
    g_autofree char *names = g_strjoinv("+", (char **)devices->pdata);
    g_autofree char *body =
        g_strdup_printf("The status of the %s bond changed: %d/%u up (was %d/%u)", names, (int)up,
                        count, (int)before, count);
    const Alert alert = {.name = "BOND_STATUS_CHANGED",
                         .priority = ALERT_WARNING,
                         .cls = CLS_HOST,
                         .obj_uuid =
                             db_host_uuid(view, db_pif_host(view, db_bond_master(view, bond))),
                         .body = body};
    alert_write(txn, &alert);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_valid(BondMode mode, const char *key, const char *value)
{
    return mode == BOND_MODE_LACP && strcmp(key, HASH_KEY) == 0 &&
           (strcmp(value, "src_mac") == 0 || strcmp(value, HASH_DEFAULT) == 0);
}

/* The smallest number that no bond of the host has. */
static char *choose_device(const DbView *view, HostRef host)
{
    g_autoptr(GArray) pifs = db_pif_all(view);
    for (unsigned number = 0; number < BOND_NUMBERS; number++) {
        g_autofree char *device = g_strdup_printf("bond%u", number);
        bool is_free = true;
        for (guint i = 0; i < pifs->len; i++) {
            PifRef pif = g_array_index(pifs, PifRef, i);
            is_free = is_free && !(host_ref_equal(db_pif_host(view, pif), host) &&
                                   strcmp(db_pif_device(view, pif), device) == 0);
        }
        if (is_free) {
            return g_steal_pointer(&device);
        }
    }
    return g_strdup("bond");
}

static void move_addresses(DbTxn *txn, PifRef from, PifRef to)
{
    static const uint16_t fields[] = {PIF_FIELD_ADDRESSES_SET,
                                      PIF_FIELD_IP_CONFIGURATION_MODE,
                                      PIF_FIELD_IP,
                                      PIF_FIELD_NETMASK,
                                      PIF_FIELD_GATEWAY,
                                      PIF_FIELD_DNS,
                                      PIF_FIELD_MANAGEMENT,
                                      PIF_FIELD_IPV6_CONFIGURATION_MODE,
                                      PIF_FIELD_IPV6,
                                      PIF_FIELD_IPV6_GATEWAY,
                                      PIF_FIELD_PRIMARY_ADDRESS_TYPE};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        Value *value = db_get(db_txn_view(txn), CLASS_PIF, from.id, fields[i]);
        db_set(txn, CLASS_PIF, to.id, fields[i], value_ref(value));
    }
    g_autoptr(Value) none = value_new_string("");
    static const uint16_t texts[] = {PIF_FIELD_IP, PIF_FIELD_NETMASK, PIF_FIELD_GATEWAY,
                                     PIF_FIELD_DNS, PIF_FIELD_IPV6_GATEWAY};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        db_set(txn, CLASS_PIF, from.id, texts[i], value_ref(none));
    }
    db_pif_set_addresses_set(txn, from, false);
    db_pif_set_ip_configuration_mode(txn, from, IP_CONFIGURATION_MODE_NONE);
    db_pif_set_ipv6_configuration_mode(txn, from, IPV6_CONFIGURATION_MODE_NONE);
    db_pif_set_ipv6(txn, from, value_new_array(0));
    db_pif_set_management(txn, from, false);
}

static void move_vlans(DbTxn *txn, PifRef from, PifRef to)
{
    g_autoptr(GArray) vlans = db_pif_vlan_slave_of_array(db_txn_view(txn), from);
    for (guint i = 0; i < vlans->len; i++) {
        VlanRef vlan = g_array_index(vlans, VlanRef, i);
        PifRef untagged = db_vlan_untagged_pif(db_txn_view(txn), vlan);
        db_vlan_set_tagged_pif(txn, vlan, to);
        db_pif_set_device(txn, untagged, db_pif_device(db_txn_view(txn), to));
        db_pif_set_metrics(txn, untagged, db_pif_metrics(db_txn_view(txn), to));
    }
}
