/* Settings of a VIF that a running guest meets at once, and those that no engine here can carry
 * out. */
#include "gen/db_vif.h"
#include "gen/errors.h"
#include "gen/ops_vif.h"
#include "ops/network/ip_text.h"
#include "ops/network/network_turn.h"
#include "ops/network/vlan.h"
#include "ops/vif/vif_port.h"

static bool change_rate(Call *call, VifRef vif, const char *type, const Value *params, Err **err);
static bool check_guest_address(Call *call, VifRef vif, int family, const char *address,
                                const char *gateway, Err **err);
static bool refuse_guest_setting(Call *call, VifRef vif, Err **err);

bool vif_change_qos_algorithm_type(Call *call, VifRef self, const Value *new_value, Err **err)
{
    return change_rate(call, self, value_string(new_value),
                       db_vif_qos_algorithm_params(call_view(call), self), err);
}

bool vif_change_qos_algorithm_params(Call *call, VifRef self, const Value *new_value, Err **err)
{
    return change_rate(call, self, db_vif_qos_algorithm_type(call_view(call), self), new_value,
                       err);
}

bool vif_configure_ipv4(Call *call, const VifConfigureIpv4Args *args, Err **err)
{
    bool is_static = args->mode == VIF_IPV4_CONFIGURATION_MODE_STATIC;
    return (!is_static ||
            check_guest_address(call, args->self, AF_INET, args->address, args->gateway, err)) &&
           refuse_guest_setting(call, args->self, err);
}

bool vif_configure_ipv6(Call *call, const VifConfigureIpv6Args *args, Err **err)
{
    bool is_static = args->mode == VIF_IPV6_CONFIGURATION_MODE_STATIC;
    return (!is_static ||
            check_guest_address(call, args->self, AF_INET6, args->address, args->gateway, err)) &&
           refuse_guest_setting(call, args->self, err);
}

bool vif_add_trunks(Call *call, const VifAddTrunksArgs *args, Err **err)
{
    (void)call;
    return vlan_check_tag(args->value, err) && err_openvswitch_not_active(err);
}

bool vif_remove_trunks(Call *call, const VifRemoveTrunksArgs *args, Err **err)
{
    (void)call;
    return vlan_check_tag(args->value, err);
}

bool vif_set_trunks(Call *call, const VifSetTrunksArgs *args, Err **err)
{
    (void)call;
    for (unsigned i = 0; i < value_count(args->value); i++) {
        if (!vlan_check_tag(value_int(value_at(args->value, i)), err)) {
            return false;
        }
    }
    return value_count(args->value) == 0 || err_openvswitch_not_active(err);
}

/* The turn is kept until the new value is written, so that no refresh comes in between. */
static bool change_rate(Call *call, VifRef vif, const char *type, const Value *params, Err **err)
{
    Platform *platform = call_platform(call);
    uint64_t rate;
    if (!vif_port_parse_rate(type, params, &rate, err) || !network_turn_keep(call, err)) {
        return false;
    }
    NwPort port = vif_port_describe(call, call_view(call), vif);
    port.policy.rate = rate;
    return platform_nw_driver(platform)->port_change(platform_nw(platform), call->op, &port, err);
}

static bool check_guest_address(Call *call, VifRef vif, int family, const char *address,
                                const char *gateway, Err **err)
{
    char plain[INET6_ADDRSTRLEN];
    unsigned prefix;
    if (!ip_text_parse_cidr(family, address, plain, &prefix)) {
        return err_invalid_cidr_address_specified(err, "address");
    }
    const NwPort port = vif_port_describe(call, call_view(call), vif);
    const char *const *allowed = family == AF_INET ? port.policy.ipv4 : port.policy.ipv6;
    if (port.policy.locking == NW_LOCKED && !g_strv_contains(allowed, plain)) {
        return err_address_violates_locking_constraint(err, address);
    }
    return !*gateway || ip_text_is_address(family, gateway) ||
           err_invalid_ip_address_specified(err, "gateway");
}

/* It takes an agent that announces feature-static-ip-setting; those of our guests do not. */
static bool refuse_guest_setting(Call *call, VifRef vif, Err **err)
{
    return err_vm_lacks_feature(err, REF_TEXT(db_vif_vm(call_view(call), vif).id));
}
