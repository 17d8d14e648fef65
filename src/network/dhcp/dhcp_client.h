/* udhcpc, busybox's DHCP client, on a bridge of the host's own.  It outlives the daemon and is
 * found again, like the server. */
#pragma once

#include "network/nw.h"

/* Returns when the bridge has an address, or nobody has given it one: then it fails, and the client
 * goes on to ask.  Keeps a client that runs, unless it shall use its default route now and did not,
 * or the other way round. */
bool dhcp_client_start(Op *op, const NwIp *ip, Err **err);
/* Success when there is none. What it has set stays. */
bool dhcp_client_stop(Op *op, const char *state_dir, Err **err);
