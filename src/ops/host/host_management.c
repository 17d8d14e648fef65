/* host.management_reconfigure, local_management_reconfigure, management_disable and
 * get_management_interface. */
#include "ops/host/host_management.h"

#include "base/log.h"
#include "core/core.h"
#include "gen/db_host.h"
#include "gen/db_pif.h"
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_address.h"
#include "ops/host/host_here.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_ip.h"
#include "ops/network/pif_link.h"
#include "ops/network/pif_rows.h"

static bool check_choice(Call *call, const DbView *view, PifRef pif, Err **err);
static bool choose(Call *call, PifRef pif, Err **err);
static bool record(Call *call, PifRef pif, bool is_chosen, Err **err);
static bool route_through(Call *call, Op *op, PifRef pif, PifRef before, Err **err);

bool host_management_reconfigure(Call *call, const HostManagementReconfigureArgs *args, Err **err)
{
    return host_management_move(call, args->pif, err);
}

/* For a member of a pool that has lost its coordinator; this host is its own. */
bool host_local_management_reconfigure(Call *call, const HostLocalManagementReconfigureArgs *args,
                                       Err **err)
{
    (void)call;
    (void)args;
    return err_not_in_emergency_mode(err);
}

bool host_management_disable(Call *call, Err **err)
{
    if (!network_turn_keep(call, err)) {
        return false;
    }
    if (db_pool_ha_enabled(call_view(call), platform_pool(call_platform(call)))) {
        return err_ha_is_enabled(err);
    }
    return record(call, (PifRef){{{0}}}, true, err);
}

bool host_get_management_interface(Call *call, const HostGetManagementInterfaceArgs *args,
                                   PifRef *ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    PifRef pif = host_management_pif(call_view(call), args->host);
    if (pif_ref_is_null(pif)) {
        return err_host_has_no_management_ip(err);
    }
    *ret_result = pif;
    return true;
}

PifRef host_management_pif(const DbView *view, HostRef host)
{
    for (unsigned i = 0; i < db_host_pifs_count(view, host); i++) {
        PifRef pif = db_host_pifs_at(view, host, i);
        if (db_pif_management(view, pif)) {
            return pif;
        }
    }
    return (PifRef){{{0}}};
}

/* To choose what is the one already, by the settings, lets host.address follow it from now on. */
bool host_management_move(Call *call, PifRef pif, Err **err)
{
    if (!network_turn_keep(call, err) || !check_choice(call, call_view(call), pif, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    if (db_pif_management(view, pif)) {
        return record(call, pif, true, err);
    }
    bool is_up = db_pif_currently_attached(view, pif);
    return (is_up || pif_link_up(call, pif, err)) && choose(call, pif, err);
}

bool host_management_is_off(Platform *platform)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    const DbView *view = db_snapshot_view(snapshot);
    HostRef host = platform_host(platform);
    return db_host_management_set(view, host) && pif_ref_is_null(host_management_pif(view, host));
}

static bool check_choice(Call *call, const DbView *view, PifRef pif, Err **err)
{
    Platform *platform = call_platform(call);
    PifRef before = host_management_pif(view, platform_host(platform));
    PrimaryAddressType type = db_pif_primary_address_type(view, pif);
    if (db_pool_ha_enabled(view, platform_pool(platform))) {
        return err_ha_is_enabled(err);
    }
    if (!bond_ref_is_null(db_pif_bond_slave_of(view, pif))) {
        return err_cannot_plug_bond_slave(err, REF_TEXT(pif.id));
    }
    if (!pif_ref_is_null(before) && db_pif_primary_address_type(view, before) != type) {
        return err_pif_incompatible_primary_address_type(err, REF_TEXT(pif.id));
    }
    if (type == PRIMARY_ADDRESS_TYPE_IPV4 &&
        db_pif_ip_configuration_mode(view, pif) == IP_CONFIGURATION_MODE_NONE) {
        return err_pif_has_no_network_configuration(err, REF_TEXT(pif.id));
    }
    if (type == PRIMARY_ADDRESS_TYPE_IPV6 &&
        db_pif_ipv6_configuration_mode(view, pif) == IPV6_CONFIGURATION_MODE_NONE) {
        return err_pif_has_no_v6_network_configuration(err, REF_TEXT(pif.id));
    }
    return host_here_check(call, db_pif_host(view, pif), err);
}

/* The default route follows, or the choice is as it was. */
static bool choose(Call *call, PifRef pif, Err **err)
{
    HostRef host = platform_host(call_platform(call));
    PifRef before = host_management_pif(call_view(call), host);
    bool was_chosen = db_host_management_set(call_view(call), host);
    g_autoptr(Err) error = NULL;
    if (!record(call, pif, true, err)) {
        return false;
    }
    if (route_through(call, call->op, pif, before, &error)) {
        return pif_rows_refresh(call, err);
    }
    g_autoptr(Op) op = core_undo_op();
    if (record(call, before, was_chosen, NULL)) {
        route_through(call, op, before, pif, NULL);
    }
    const char *why = error->params[0] ? error->params[0] : error->code;
    return err_pif_configuration_error(err, REF_TEXT(pif.id), why);
}

/* The new one first, so that there is always a route.  That the old one cannot be asked again is
 * often why somebody chooses another. */
static bool route_through(Call *call, Op *op, PifRef pif, PifRef before, Err **err)
{
    const DbView *view = call_view(call);
    g_autoptr(Err) error = NULL;
    if (!pif_ref_is_null(pif) && !pif_ip_apply(call, op, pif, err)) {
        return false;
    }
    bool is_left = !pif_ref_is_null(before) && db_pif_currently_attached(view, before);
    if (is_left && !pif_ip_apply(call, op, before, &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("PIF %s may still have a default route: %s", db_pif_uuid(view, before), text);
    }
    return true;
}

/* Null: none is chosen. */
static bool record(Call *call, PifRef pif, bool is_chosen, Err **err)
{
    HostRef host = platform_host(call_platform(call));
    DbTxn *txn = db_begin(call->db);
    for (unsigned i = 0; i < db_host_pifs_count(db_txn_view(txn), host); i++) {
        PifRef each = db_host_pifs_at(db_txn_view(txn), host, i);
        db_pif_set_management(txn, each, pif_ref_equal(each, pif));
    }
    db_host_set_management_set(txn, host, is_chosen);
    host_address_follow(txn, call_platform(call));
    return db_commit(txn, err);
}
