/* Tap devices: the host's end of a guest's network card. */
#pragma once

#include "network/bridge/netlink.h"

/* A tap `name` as a port of the bridge, up; it lives as long as its descriptor.
 * Frames carry a virtio-net header and nothing before it.  Returns -1 on failure. */
int tap_open(NetlinkSocket *nl, NetlinkLink *bridge, const char *name, unsigned mtu, Err **err);

/* Deletes the tap, whoever has it open. Success when it is not there. */
bool tap_delete(NetlinkSocket *nl, const char *name, Err **err);
