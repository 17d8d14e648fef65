/* Three kinds of network: the host-internal one (DHCP and an address of the host's), internal ones
 * (a bare bridge), and those with a PIF, whose bridge exists while the PIF is plugged. */
#include "ops/network/bridge.h"

#include "base/text.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/network/ip_text.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_link.h"

static bool raise_pif(Call *call, const DbView *view, NetworkRef network, Err **err);
static bool ensure_dhcp(Call *call, const DbView *view, NetworkRef network, Err **err);

bool bridge_ensure(Call *call, const DbView *view, NetworkRef network, VmRef for_vm, Err **err)
{
    Platform *platform = call_platform(call);
    const NwDriver *nw = platform_nw_driver(platform);
    const char *name = db_network_bridge(view, network);
    if (!db_network_exists(view, network)) {
        return err_vm_requires_network(err, REF_TEXT(for_vm.id), REF_TEXT(network.id));
    }
    if (db_network_pifs_count(view, network) > 0) {
        return nw->bridge_exists(platform_nw(platform), name) ||
               raise_pif(call, view, network, err);
    }
    const NwBridge bridge = {.name = name, .mtu = db_network_mtu(view, network)};
    if (!nw->bridge_create(platform_nw(platform), call->op, &bridge, err)) {
        return false;
    }
    bool is_internal_management = text_equal(
        db_network_other_config_get(view, network, "is_host_internal_management_network"), "true");
    return !is_internal_management || ensure_dhcp(call, view, network, err);
}

static bool raise_pif(Call *call, const DbView *view, NetworkRef network, Err **err)
{
    HostRef host = platform_host(call_platform(call));
    g_auto(TurnGuard) turn = NULL;
    if (!network_turn_take(call, &turn, err)) {
        return false;
    }
    for (unsigned i = 0; i < db_network_pifs_count(view, network); i++) {
        PifRef pif = db_network_pifs_at(view, network, i);
        if (host_ref_equal(db_pif_host(view, pif), host) && pif_link_may_rise(call, view, pif)) {
            return pif_link_up(call, pif, err);
        }
    }
    return err_host_cannot_attach_network(err, REF_TEXT(host.id), REF_TEXT(network.id));
}

static bool ensure_dhcp(Call *call, const DbView *view, NetworkRef network, Err **err)
{
    Platform *platform = call_platform(call);
    const char *begin = db_network_other_config_get(view, network, "ip_begin");
    const char *end = db_network_other_config_get(view, network, "ip_end");
    const char *netmask = db_network_other_config_get(view, network, "netmask");
    unsigned prefix;
    if (!begin || !end || !netmask || !ip_text_is_address(AF_INET, begin) ||
        !ip_text_parse_netmask(netmask, &prefix)) {
        return err_internal(err, "network %s: other_config needs ip_begin, ip_end and netmask",
                            db_network_uuid(view, network));
    }
    /* The host takes the first address, the guests get the rest. */
    g_autofree char *prefix_text = g_strndup(begin, strrchr(begin, '.') - begin);
    g_autofree char *first = g_strdup_printf("%s.2", prefix_text);
    g_autofree char *state_dir =
        g_build_filename(platform_paths(platform)->state_dir, "dhcp", NULL);
    const NwDhcp dhcp = {.bridge = db_network_bridge(view, network),
                         .host_ip = begin,
                         .prefix = prefix,
                         .first = first,
                         .last = end,
                         .state_dir = state_dir};
    return platform_nw_driver(platform)->dhcp_start(platform_nw(platform), call->op, &dhcp, err);
}
