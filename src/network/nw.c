/* What all network drivers share: the checking of names and policies. */
#include "network/nw.h"

#include <arpa/inet.h>

static bool is_unicast_mac(const char *mac);
static bool check_addresses(int family, const char *const *addresses, Err **err);

bool nw_check_name(const char *name, Err **err)
{
    size_t length = strlen(name);
    bool valid =
        length > 0 && length < NW_NAME_SIZE && !g_str_equal(name, ".") && !g_str_equal(name, "..");
    for (size_t i = 0; i < length; i++) {
        valid = valid && g_ascii_isgraph(name[i]) && !strchr("/:\"\\", name[i]);
    }
    return valid || err_internal(err, "'%s' cannot be the name of an interface", name);
}

bool nw_check_policy(const NwPolicy *policy, Err **err)
{
    if (!is_unicast_mac(policy->mac)) {
        return err_internal(err, "'%s' cannot be the MAC address of a card", policy->mac);
    }
    return check_addresses(AF_INET, policy->ipv4, err) &&
           check_addresses(AF_INET6, policy->ipv6, err);
}

bool nw_check_bond(const NwBond *bond, Err **err)
{
    if (!nw_check_name(bond->name, err)) {
        return false;
    }
    for (const char *const *member = bond->members; *member; member++) {
        if (!nw_check_name(*member, err)) {
            return false;
        }
    }
    return is_unicast_mac(bond->mac) ||
           err_internal(err, "'%s' cannot be the MAC address of a bond", bond->mac);
}

static bool is_unicast_mac(const char *mac)
{
    size_t length = strlen(mac);
    for (size_t i = 0; i < length; i++) {
        if (i % 3 == 2 ? mac[i] != ':' : !g_ascii_isxdigit(mac[i])) {
            return false;
        }
    }
    return length == 17 && !(g_ascii_xdigit_value(mac[1]) & 1);
}

static bool check_addresses(int family, const char *const *addresses, Err **err)
{
    unsigned count = 0;
    for (; addresses && addresses[count]; count++) {
        unsigned char binary[sizeof(struct in6_addr)];
        if (inet_pton(family, addresses[count], binary) != 1) {
            return err_internal(err, "'%s' is no address", addresses[count]);
        }
    }
    return count <= NW_ALLOWED_MAX ||
           err_internal(err, "a port has at most %d addresses, not %u", NW_ALLOWED_MAX, count);
}
