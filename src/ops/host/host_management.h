/* The interface through which clients reach the host.  Once a client has chosen one it is what
 * PIF.management says, and host.address follows it; until then it is the one that has the address
 * of the daemon's settings. */
#pragma once

#include "ops/platform.h"

/* Null when no PIF of the host is the management interface. */
PifRef host_management_pif(const DbView *view, HostRef host);

/* Makes `pif` the one, and brings it up if it is down. */
bool host_management_move(Call *call, PifRef pif, Err **err);

/* Whether a client has said that there shall be none: only the machine itself is served then. */
bool host_management_is_off(Platform *platform);
