/* How fast a guest may send.  What comes out of its tap goes through an ifb device of its own,
 * whose queue lets the frames go at the rate: a guest is slowed down before it loses frames. */
#pragma once

#include "network/bridge/netlink.h"

/* Limits what `tap` brings in to `rate` bytes a second, or no longer when that is 0. Other limits
 * of the same tap are replaced. */
bool port_rate_set(NetlinkSocket *nl, NetlinkLink *tap, uint64_t rate, Err **err);
/* What an ended port leaves behind. Success when there is nothing. */
bool port_rate_drop(NetlinkSocket *nl, const char *port, Err **err);
