/* A bridge and the network card below it: enslaving, and moving addresses and routes. */
#pragma once

#include "network/bridge/netlink.h"

/* Makes `uplink` a port of the bridge, up; the bridge gets its MAC address.  With `move_address`
 * what the uplink has of addresses and routes is the bridge's afterwards.  When it fails, all is
 * back on the uplink. */
bool uplink_join(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink *uplink, bool move_address,
                 Err **err);
/* The way back; the bridge keeps its other ports. */
bool uplink_leave(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink *uplink, Err **err);
/* The port of the bridge that leads out of this host; success with NULL when it has none. */
bool uplink_find(NetlinkSocket *nl, NetlinkLink *bridge, NetlinkLink **ret_uplink, Err **err);

/* Gives addresses and routes to another link, which is up.  Can be done again. */
bool uplink_hand_over(NetlinkSocket *nl, NetlinkLink *from, NetlinkLink *to, Err **err);

/* An address of the host itself; success when the interface has it. */
bool uplink_add_address(NetlinkSocket *nl, NetlinkLink *link, int family, const char *address,
                        unsigned prefix, Err **err);
