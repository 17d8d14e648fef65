/* Checked conversions, on top of inet_pton(3). */
#include "ops/network/ip_text.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

bool ip_text_is_address(int family, const char *text)
{
    unsigned char binary[sizeof(struct in6_addr)];
    if (family == AF_UNSPEC) {
        return ip_text_is_address(AF_INET, text) || ip_text_is_address(AF_INET6, text);
    }
    return inet_pton(family, text, binary) == 1;
}

bool ip_text_parse_cidr(int family, const char *text, char *ret_address, unsigned *ret_prefix)
{
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : 0;
    char address[INET6_ADDRSTRLEN] = "";
    uint64_t prefix;
    if (length == 0 || length >= sizeof address ||
        !text_parse_uint(slash + 1, family == AF_INET ? 32 : 128, &prefix)) {
        return false;
    }
    memcpy(address, text, length);
    if (!ip_text_is_address(family, address)) {
        return false;
    }
    memcpy(ret_address, address, length + 1);
    *ret_prefix = (unsigned)prefix;
    return true;
}

bool ip_text_parse_netmask(const char *text, unsigned *ret_prefix)
{
    struct in_addr mask;
    if (inet_pton(AF_INET, text, &mask) != 1) {
        return false;
    }
    uint32_t bits = ntohl(mask.s_addr);
    if (~bits & (~bits + 1)) {
        return false;
    }
    *ret_prefix = (unsigned)__builtin_popcount(bits);
    return true;
}

const char *ip_text_format_netmask(unsigned prefix, char text[INET_ADDRSTRLEN])
{
    struct in_addr mask = {.s_addr = htonl(prefix ? ~0u << (32 - prefix) : 0)};
    return inet_ntop(AF_INET, &mask, text, INET_ADDRSTRLEN);
}
