/* VLANs as interfaces of their own, by the kernel's 8021q.  A tag is seen before the bridge that
 * its parent is a port of sees the frame, so that both work side by side. */
#pragma once

#include "network/bridge/netlink.h"

/* What the kernel is asked for. (owned) */
NetlinkLink *link_vlan_describe(const char *name, int parent, unsigned tag);

bool link_vlan_create(NetlinkSocket *nl, const char *name, const char *parent, unsigned tag,
                      Err **err);
bool link_vlan_delete(NetlinkSocket *nl, const char *name, Err **err);
