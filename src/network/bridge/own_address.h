/* Addresses of the host itself on its bridges. */
#pragma once

#include "network/bridge/netlink.h"
#include "network/nw.h"

/* The bridge has this address of the family, and this default route or none through it; others go.
 * `ip->mode` is NW_IP_STATIC. Link-local addresses of IPv6 are the kernel's. */
bool own_address_set(NetlinkSocket *nl, NetlinkLink *bridge, const NwIp *ip, Err **err);
/* None of the family. */
bool own_address_clear(NetlinkSocket *nl, NetlinkLink *bridge, int family, Err **err);

/* Whether the bridge follows IPv6 routers. */
bool own_address_autoconf(const char *bridge, bool follow, Err **err);
