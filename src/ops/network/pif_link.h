/* The interface behind a PIF of this host, and the bridge above it.  The caller has the network
 * turn. */
#pragma once

#include "ops/platform.h"

/* "eth0", or "eth0.5" for a VLAN on it. (arena) */
const char *pif_link_name(Call *call, const DbView *view, PifRef pif);

/* Makes the interface if it is none of the machine's own, and the bridge of its network with the
 * interface as a port.  What the interface has of addresses is the bridge's afterwards.
 * PIF_UNMANAGED, CANNOT_PLUG_BOND_SLAVE. */
bool pif_link_up(Call *call, PifRef pif, Err **err);
/* `op` is the call's, or the one for taking back what it began. */
bool pif_link_down(Call *call, Op *op, PifRef pif, Err **err);

/* Why it may not be unplugged. */
bool pif_link_check_down(const DbView *view, PifRef pif, Err **err);

/* Whether a guest that needs the network may bring it up: cards of a machine that is not the
 * daemon's own wait for an administrator. */
bool pif_link_may_rise(Call *call, const DbView *view, PifRef pif);
