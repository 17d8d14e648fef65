/* VIF.set_locking_mode and the addresses that a locked VIF may use.  A change holds at once: the
 * call returns when the guest's frames meet it. */
#include "ops/vif/vif_locking.h"
#include "base/text.h"
#include "gen/db_vif.h"
#include "gen/errors.h"
#include "gen/ops_vif.h"
#include "ops/network/ip_text.h"
#include "ops/network/network_turn.h"
#include "ops/vif/vif_port.h"

static bool write_field(Call *call, VifRef vif, uint16_t field, Value *value, Err **err);
static bool set_allowed(Call *call, VifRef vif, int family, const Value *addresses, Err **err);
static bool add_allowed(Call *call, VifRef vif, int family, const char *address, Err **err);
static bool remove_allowed(Call *call, VifRef vif, int family, const char *address, Err **err);
static bool has_item(const Value *set, const Value *item);

static uint16_t field_of(int family)
{
    return family == AF_INET ? VIF_FIELD_IPV4_ALLOWED : VIF_FIELD_IPV6_ALLOWED;
}

static const char *field_name(int family)
{
    return family == AF_INET ? "ipv4_allowed" : "ipv6_allowed";
}

bool vif_set_locking_mode(Call *call, const VifSetLockingModeArgs *args, Err **err)
{
    return write_field(call, args->self, VIF_FIELD_LOCKING_MODE,
                       value_new_string(vif_locking_mode_to_string(args->value)), err);
}

bool vif_set_ipv4_allowed(Call *call, const VifSetIpv4AllowedArgs *args, Err **err)
{
    return set_allowed(call, args->self, AF_INET, args->value, err);
}

bool vif_add_ipv4_allowed(Call *call, const VifAddIpv4AllowedArgs *args, Err **err)
{
    return add_allowed(call, args->self, AF_INET, args->value, err);
}

bool vif_remove_ipv4_allowed(Call *call, const VifRemoveIpv4AllowedArgs *args, Err **err)
{
    return remove_allowed(call, args->self, AF_INET, args->value, err);
}

bool vif_set_ipv6_allowed(Call *call, const VifSetIpv6AllowedArgs *args, Err **err)
{
    return set_allowed(call, args->self, AF_INET6, args->value, err);
}

bool vif_add_ipv6_allowed(Call *call, const VifAddIpv6AllowedArgs *args, Err **err)
{
    return add_allowed(call, args->self, AF_INET6, args->value, err);
}

bool vif_remove_ipv6_allowed(Call *call, const VifRemoveIpv6AllowedArgs *args, Err **err)
{
    return remove_allowed(call, args->self, AF_INET6, args->value, err);
}

bool vif_locking_check(int family, const Value *addresses, Err **err)
{
    unsigned count = value_count(addresses);
    char text[TEXT_INT_SIZE];
    for (unsigned i = 0; i < count; i++) {
        const char *address = value_string(value_at(addresses, i));
        if (!ip_text_is_address(family, address)) {
            return err_invalid_value(err, field_name(family), address);
        }
    }
    return count <= NW_ALLOWED_MAX ||
           err_invalid_value(err, field_name(family), text_format_int(count, text));
}

/* What the host cannot enforce is not written down. */
static bool write_field(Call *call, VifRef vif, uint16_t field, Value *value, Err **err)
{
    g_autoptr(Value) wanted = value;
    if (!network_turn_keep(call, err)) {
        return false;
    }
    g_autoptr(Value) old = value_ref(db_get(call_view(call), CLASS_VIF, vif.id, field));
    DbTxn *txn = db_begin(call->db);
    db_set(txn, CLASS_VIF, vif.id, field, g_steal_pointer(&wanted));
    if (!db_commit(txn, err)) {
        return false;
    }
    if (vif_port_refresh(call, vif, err)) {
        return true;
    }
    txn = db_begin(call->db);
    db_set(txn, CLASS_VIF, vif.id, field, g_steal_pointer(&old));
    db_commit_async(txn);
    return false;
}

static bool set_allowed(Call *call, VifRef vif, int family, const Value *addresses, Err **err)
{
    g_autoptr(Value) unique = value_new_array(value_count(addresses));
    for (unsigned i = 0; i < value_count(addresses); i++) {
        Value *address = value_at(addresses, i);
        if (!has_item(unique, address)) {
            value_array_add(unique, value_ref(address));
        }
    }
    return vif_locking_check(family, unique, err) &&
           write_field(call, vif, field_of(family), g_steal_pointer(&unique), err);
}

static bool add_allowed(Call *call, VifRef vif, int family, const char *address, Err **err)
{
    g_autoptr(Value) item = value_new_string(address);
    if (!network_turn_keep(call, err)) {
        return false;
    }
    Value *old = db_get(call_view(call), CLASS_VIF, vif.id, field_of(family));
    if (has_item(old, item)) {
        return true;
    }
    g_autoptr(Value) more = value_array_with(old, g_steal_pointer(&item));
    return vif_locking_check(family, more, err) &&
           write_field(call, vif, field_of(family), g_steal_pointer(&more), err);
}

static bool remove_allowed(Call *call, VifRef vif, int family, const char *address, Err **err)
{
    g_autoptr(Value) item = value_new_string(address);
    if (!network_turn_keep(call, err)) {
        return false;
    }
    Value *old = db_get(call_view(call), CLASS_VIF, vif.id, field_of(family));
    return write_field(call, vif, field_of(family), value_array_without(old, item), err);
}

static bool has_item(const Value *set, const Value *item)
{
    for (unsigned i = 0; i < value_count(set); i++) {
        if (value_equal(value_at(set, i), item)) {
            return true;
        }
    }
    return false;
}
