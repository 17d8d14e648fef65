/* The host's own addresses on a PIF.  Until a client sets them they are the machine's matter, and
 * nothing here touches them.  The caller has the network turn. */
#pragma once

#include "ops/platform.h"

/* Gives the bridge of a plugged PIF the addresses that were set. */
bool pif_ip_apply(Call *call, Op *op, PifRef pif, Err **err);

/* Takes them away, before the PIF is unplugged. */
bool pif_ip_withdraw(Call *call, Op *op, PifRef pif, Err **err);
