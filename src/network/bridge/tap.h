/* Tap devices: the host's end of a guest's network card. */
#pragma once

#include "network/bridge/netlink.h"

/* What XenServer gives the host's end.  It is higher than any other, so that nothing that goes by
 * the lowest address chooses it. */
#define TAP_MAC "fe:ff:ff:ff:ff:ff"

/* Makes the tap, down; it lives as long as its descriptor.  Frames carry a virtio-net header and
 * nothing before it.  Returns -1 on failure. */
int tap_open(const char *name, Err **err);

/* The kernel's own end of a Xen guest's card, which comes and goes with that. */
bool tap_is_xen(NetlinkLink *link);

/* Fails when the link is neither, which is then nothing that a guest's port may change. */
bool tap_check(NetlinkLink *link, Err **err);
