/* PIF.reconfigure_ip and reconfigure_ipv6: checked, written, and applied when the PIF is plugged;
 * what cannot be applied is taken back on both sides. */
#include "ops/network/pif_ip.h"

#include "base/text.h"
#include "core/core.h"
#include "gen/db_host.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/errors.h"
#include "gen/ops_pif.h"
#include "ops/host/host_address.h"
#include "ops/host/host_management.h"
#include "ops/network/ip_text.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_rows.h"

/* What is done besides what the database says of IPv4. */
typedef enum Extent {
    APPLY_SET = 0,       /* IPv6 as well, if it was ever set */
    APPLY_IPV6 = 1 << 0, /* IPv6 as well */
    APPLY_NONE = 1 << 1, /* no addresses, whatever it says */
} Extent;

static const uint16_t ip_fields[] = {PIF_FIELD_ADDRESSES_SET,
                                     PIF_FIELD_IP_CONFIGURATION_MODE,
                                     PIF_FIELD_IP,
                                     PIF_FIELD_NETMASK,
                                     PIF_FIELD_GATEWAY,
                                     PIF_FIELD_DNS,
                                     PIF_FIELD_IPV6_CONFIGURATION_MODE,
                                     PIF_FIELD_IPV6,
                                     PIF_FIELD_IPV6_GATEWAY};

static bool check_ipv4(const PifReconfigureIpArgs *args, Err **err);
static bool check_ipv6(const PifReconfigureIpv6Args *args, Err **err);
static bool check_management(const DbView *view, PifRef pif, const char *address, Err **err);
static Value *new_text_set(const char *text);
static bool write_and_apply(Call *call, PifRef pif, DbTxn *txn, Extent extent, Err **err);
static bool apply(Call *call, Op *op, PifRef pif, Extent extent, Err **err);
static NwIp describe_ipv4(Call *call, const DbView *view, PifRef pif);
static NwIp describe_ipv6(Call *call, const DbView *view, PifRef pif);
static bool carries_default_route(const DbView *view, PifRef pif);

bool pif_reconfigure_ip(Call *call, const PifReconfigureIpArgs *args, Err **err)
{
    if (!check_ipv4(args, err) || !network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    bool loses_address = args->mode == IP_CONFIGURATION_MODE_NONE &&
                         db_pif_primary_address_type(view, args->self) == PRIMARY_ADDRESS_TYPE_IPV4;
    if (db_pif_management(view, args->self) && loses_address) {
        return err_pif_is_management_interface(err, REF_TEXT(args->self.id));
    }
    if (!check_management(view, args->self, args->ip, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_pif_set_addresses_set(txn, args->self, true);
    db_pif_set_ip_configuration_mode(txn, args->self, args->mode);
    db_pif_set_ip(txn, args->self, args->ip);
    db_pif_set_netmask(txn, args->self, args->netmask);
    db_pif_set_gateway(txn, args->self, args->gateway);
    if (*args->dns) {
        db_pif_set_dns(txn, args->self, args->dns);
    }
    return write_and_apply(call, args->self, txn, APPLY_SET, err);
}

bool pif_reconfigure_ipv6(Call *call, const PifReconfigureIpv6Args *args, Err **err)
{
    if (!check_ipv6(args, err) || !network_turn_keep(call, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    bool loses_address = args->mode == IPV6_CONFIGURATION_MODE_NONE &&
                         db_pif_primary_address_type(view, args->self) == PRIMARY_ADDRESS_TYPE_IPV6;
    if (db_pif_management(view, args->self) && loses_address) {
        return err_pif_is_management_interface(err, REF_TEXT(args->self.id));
    }
    if (args->mode == IPV6_CONFIGURATION_MODE_DHCP) {
        return err_pif_configuration_error(
            err, REF_TEXT(args->self.id), "This host has no DHCPv6 client; use Static or Autoconf");
    }
    DbTxn *txn = db_begin(call->db);
    db_pif_set_addresses_set(txn, args->self, true);
    db_pif_set_ipv6_configuration_mode(txn, args->self, args->mode);
    db_pif_set_ipv6(txn, args->self, new_text_set(args->ipv6));
    db_pif_set_ipv6_gateway(txn, args->self, args->gateway);
    if (*args->dns) {
        db_pif_set_dns(txn, args->self, args->dns);
    }
    return write_and_apply(call, args->self, txn, APPLY_IPV6, err);
}

bool pif_ip_apply(Call *call, Op *op, PifRef pif, Err **err)
{
    return !db_pif_addresses_set(call_view(call), pif) || apply(call, op, pif, APPLY_SET, err);
}

bool pif_ip_withdraw(Call *call, Op *op, PifRef pif, Err **err)
{
    const DbView *view = call_view(call);
    return !db_pif_addresses_set(view, pif) || !db_pif_currently_attached(view, pif) ||
           apply(call, op, pif, APPLY_NONE, err);
}

static bool check_ipv4(const PifReconfigureIpArgs *args, Err **err)
{
    const struct {
        const char *name, *text;
        bool needed;
    } parts[] = {{"IP", args->ip, args->mode == IP_CONFIGURATION_MODE_STATIC},
                 {"netmask", args->netmask, args->mode == IP_CONFIGURATION_MODE_STATIC},
                 {"gateway", args->gateway, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if ((*parts[i].text || parts[i].needed) && !ip_text_is_address(AF_INET, parts[i].text)) {
            return err_invalid_ip_address_specified(err, parts[i].name);
        }
    }
    unsigned prefix;
    return !*args->netmask || ip_text_parse_netmask(args->netmask, &prefix) ||
           err_invalid_ip_address_specified(err, "netmask");
}

static bool check_ipv6(const PifReconfigureIpv6Args *args, Err **err)
{
    char address[INET6_ADDRSTRLEN];
    unsigned prefix;
    bool needed = args->mode == IPV6_CONFIGURATION_MODE_STATIC;
    if ((*args->ipv6 || needed) && !ip_text_parse_cidr(AF_INET6, args->ipv6, address, &prefix)) {
        return err_invalid_ip_address_specified(err, "IPv6");
    }
    return !*args->gateway || ip_text_is_address(AF_INET6, args->gateway) ||
           err_invalid_ip_address_specified(err, "gateway");
}

/* Until somebody chooses, clients reach the host by the address that its configuration names. */
static bool check_management(const DbView *view, PifRef pif, const char *address, Err **err)
{
    return !db_pif_management(view, pif) || text_equal(db_pif_ip(view, pif), address) ||
           db_host_management_set(view, db_pif_host(view, pif)) ||
           err_operation_not_allowed(err, "The management interface follows from the address that "
                                          "clearwater.conf names; change https and address there, "
                                          "or choose it by host.management_reconfigure");
}

static Value *new_text_set(const char *text)
{
    Value *set = value_new_array(1);
    if (*text) {
        value_array_add(set, value_new_string(text));
    }
    return set;
}

/* The old addresses come back too when they were the machine's: its rows told them. */
static bool write_and_apply(Call *call, PifRef pif, DbTxn *txn, Extent extent, Err **err)
{
    Value *old[G_N_ELEMENTS(ip_fields)];
    const DbView *before = call_view(call);
    for (size_t i = 0; i < G_N_ELEMENTS(ip_fields); i++) {
        old[i] = db_get(before, CLASS_PIF, pif.id, ip_fields[i]);
    }
    g_autoptr(Err) error = NULL;
    bool is_up = db_pif_currently_attached(before, pif);
    if (!is_up) {
        host_address_follow(txn, call_platform(call));
    }
    if (!db_commit(txn, err)) {
        return false;
    }
    if (!is_up || (apply(call, call->op, pif, extent, &error) && pif_rows_refresh(call, &error))) {
        return true;
    }
    txn = db_begin(call->db);
    for (size_t i = 0; i < G_N_ELEMENTS(ip_fields); i++) {
        db_set(txn, CLASS_PIF, pif.id, ip_fields[i], value_ref(old[i]));
    }
    g_autoptr(Op) op = core_undo_op();
    if (db_commit(txn, NULL)) {
        apply(call, op, pif, extent, NULL);
    }
    const char *why = error->params[0] ? error->params[0] : error->code;
    return err_pif_configuration_error(err, REF_TEXT(pif.id), why);
}

static bool apply(Call *call, Op *op, PifRef pif, Extent extent, Err **err)
{
    Platform *platform = call_platform(call);
    const NwDriver *nw = platform_nw_driver(platform);
    const DbView *view = call_view(call);
    NwIp ipv4 = describe_ipv4(call, view, pif), ipv6 = describe_ipv6(call, view, pif);
    /* What nobody has said anything about is left to the kernel. */
    bool has_ipv6 = ipv6.mode != NW_IP_NONE || (extent & APPLY_IPV6);
    if (extent & APPLY_NONE) {
        ipv4.mode = ipv6.mode = NW_IP_NONE;
    }
    return nw->ip_configure(platform_nw(platform), op, &ipv4, err) &&
           (!has_ipv6 || nw->ip_configure(platform_nw(platform), op, &ipv6, err));
}

static NwIp describe_ipv4(Call *call, const DbView *view, PifRef pif)
{
    static const NwIpMode modes[] = {[IP_CONFIGURATION_MODE_NONE] = NW_IP_NONE,
                                     [IP_CONFIGURATION_MODE_DHCP] = NW_IP_DHCP,
                                     [IP_CONFIGURATION_MODE_STATIC] = NW_IP_STATIC};
    const char *bridge =
        arena_strdup(call->arena, db_network_bridge(view, db_pif_network(view, pif)));
    const char *gateway = db_pif_gateway(view, pif);
    bool is_default = carries_default_route(view, pif);
    NwIp ip = {.bridge = bridge,
               .family = AF_INET,
               .mode = modes[db_pif_ip_configuration_mode(view, pif)],
               .address = arena_strdup(call->arena, db_pif_ip(view, pif)),
               .gateway = is_default && *gateway ? arena_strdup(call->arena, gateway) : NULL,
               .default_route = is_default,
               .state_dir = arena_printf(call->arena, "%s/dhcp-client/%s",
                                         platform_paths(call_platform(call))->state_dir, bridge)};
    ip_text_parse_netmask(db_pif_netmask(view, pif), &ip.prefix);
    return ip;
}

static NwIp describe_ipv6(Call *call, const DbView *view, PifRef pif)
{
    static const NwIpMode modes[] = {[IPV6_CONFIGURATION_MODE_NONE] = NW_IP_NONE,
                                     [IPV6_CONFIGURATION_MODE_DHCP] = NW_IP_NONE,
                                     [IPV6_CONFIGURATION_MODE_STATIC] = NW_IP_STATIC,
                                     [IPV6_CONFIGURATION_MODE_AUTOCONF] = NW_IP_AUTOCONF};
    const char *gateway = db_pif_ipv6_gateway(view, pif);
    const Value *addresses = db_pif_ipv6(view, pif);
    const char *cidr = value_count(addresses) ? value_string(value_at(addresses, 0)) : "";
    char address[INET6_ADDRSTRLEN] = "";
    NwIp ip = {
        .bridge = arena_strdup(call->arena, db_network_bridge(view, db_pif_network(view, pif))),
        .family = AF_INET6,
        .mode = modes[db_pif_ipv6_configuration_mode(view, pif)],
        .gateway = carries_default_route(view, pif) && *gateway ? arena_strdup(call->arena, gateway)
                                                                : NULL};
    ip_text_parse_cidr(AF_INET6, cidr, address, &ip.prefix);
    ip.address = arena_strdup(call->arena, address);
    return ip;
}

/* The management interface leads to the rest of the world, unless another says that it does. */
static bool carries_default_route(const DbView *view, PifRef pif)
{
    const char *text = db_pif_other_config_get(view, pif, "defaultroute");
    if (text) {
        return strcmp(text, "true") == 0;
    }
    return db_pif_management(view, pif) ||
           pif_ref_is_null(host_management_pif(view, db_pif_host(view, pif)));
}
