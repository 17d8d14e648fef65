/* From the fields of a VIF and its network to the driver's port. */
#include "ops/vif/vif_port.h"

#include "base/log.h"
#include "base/text.h"
#include "core/core.h"
#include "gen/db_network.h"
#include "gen/db_vif.h"
#include "gen/errors.h"
#include "ops/network/network_turn.h"

enum { BYTES_PER_KB = 1024, MTU_MIN = 68, MTU_MAX = 65521 };

static NwLocking locking_of(const DbView *view, VifRef vif);
static unsigned mtu_of(const DbView *view, VifRef vif);
static const char *const *copy_addresses(Call *call, const Value *addresses);
static uint64_t rate_of(const DbView *view, VifRef vif);

const char *vif_port_name(Call *call, const DbView *view, VifRef vif)
{
    char name[NW_NAME_SIZE];
    vif_port_format_name(view, vif, name);
    return arena_strdup(call->arena, name);
}

void vif_port_format_name(const DbView *view, VifRef vif, char ret_name[NW_NAME_SIZE])
{
    g_auto(GStrv) parts = g_strsplit(db_vif_uuid(view, vif), "-", -1);
    g_autofree char *digits = g_strjoinv("", parts);
    g_snprintf(ret_name, NW_NAME_SIZE, "tap%.12s", digits);
}

NwPort vif_port_describe(Call *call, const DbView *view, VifRef vif)
{
    const char *bridge = db_network_bridge(view, db_vif_network(view, vif));
    return (NwPort){.name = vif_port_name(call, view, vif),
                    .bridge = arena_strdup(call->arena, bridge),
                    .mtu = mtu_of(view, vif),
                    .policy = {.locking = locking_of(view, vif),
                               .mac = arena_strdup(call->arena, db_vif_mac(view, vif)),
                               .ipv4 = copy_addresses(call, db_vif_ipv4_allowed(view, vif)),
                               .ipv6 = copy_addresses(call, db_vif_ipv6_allowed(view, vif)),
                               .rate = rate_of(view, vif)}};
}

bool vif_port_refresh(Call *call, VifRef vif, Err **err)
{
    Platform *platform = call_platform(call);
    g_auto(TurnGuard) turn = NULL;
    if (!network_turn_take(call, &turn, err)) {
        return false;
    }
    const NwPort port = vif_port_describe(call, call_view(call), vif);
    return platform_nw_driver(platform)->port_change(platform_nw(platform), call->op, &port, err);
}

void vif_port_detach(Call *call, VifRef vif)
{
    Platform *platform = call_platform(call);
    g_autoptr(Op) op = core_undo_op();
    g_autoptr(Err) error = NULL;
    const char *name = vif_port_name(call, call_view(call), vif);
    if (!platform_nw_driver(platform)->port_detach(platform_nw(platform), op, name, &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("port %s stays: %s", name, text);
    }
}

bool vif_port_parse_rate(const char *type, const Value *params, uint64_t *ret_rate, Err **err)
{
    if (!*type) {
        *ret_rate = 0;
        return true;
    }
    if (strcmp(type, "ratelimit") != 0) {
        return err_invalid_value(err, "qos_algorithm_type", type);
    }
    /* The type is often set before its parameter. */
    const char *text = value_get_string(params, "kbps");
    uint64_t kbytes = 0;
    if (text && (!text_parse_uint(text, UINT32_MAX, &kbytes) || kbytes == 0)) {
        g_autofree char *given = g_strdup_printf("kbps = %s", text);
        return err_invalid_value(err, "qos_algorithm_params", given);
    }
    *ret_rate = kbytes * BYTES_PER_KB;
    return true;
}

static NwLocking locking_of(const DbView *view, VifRef vif)
{
    NetworkRef network = db_vif_network(view, vif);
    switch (db_vif_locking_mode(view, vif)) {
    case VIF_LOCKING_MODE_LOCKED:
        return NW_LOCKED;
    case VIF_LOCKING_MODE_DISABLED:
        return NW_DISABLED;
    case VIF_LOCKING_MODE_NETWORK_DEFAULT:
        return db_network_default_locking_mode(view, network) ==
                       NETWORK_DEFAULT_LOCKING_MODE_DISABLED
                   ? NW_DISABLED
                   : NW_UNLOCKED;
    case VIF_LOCKING_MODE_UNLOCKED:
        break;
    }
    return NW_UNLOCKED;
}

static unsigned mtu_of(const DbView *view, VifRef vif)
{
    const char *text = db_vif_other_config_get(view, vif, "mtu");
    uint64_t wanted;
    if (text && text_parse_uint(text, MTU_MAX, &wanted) && wanted >= MTU_MIN) {
        return wanted;
    }
    unsigned own = db_vif_mtu(view, vif);
    return own ? own : db_network_mtu(view, db_vif_network(view, vif));
}

static const char *const *copy_addresses(Call *call, const Value *addresses)
{
    unsigned count = value_count(addresses);
    const char **copies = arena_new0(call->arena, const char *, count + 1);
    for (unsigned i = 0; i < count; i++) {
        copies[i] = arena_strdup(call->arena, value_string(value_at(addresses, i)));
    }
    return copies;
}

/* Rows of before they were checked may hold anything. */
static uint64_t rate_of(const DbView *view, VifRef vif)
{
    uint64_t rate = 0;
    if (!vif_port_parse_rate(db_vif_qos_algorithm_type(view, vif),
                             db_vif_qos_algorithm_params(view, vif), &rate, NULL)) {
        log_warn("VIF %s has no limit: its qos_algorithm is not known", db_vif_uuid(view, vif));
    }
    return rate;
}
