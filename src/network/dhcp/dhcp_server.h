/* dnsmasq as the DHCP server of one bridge.  It outlives the daemon and is found again.
 * Calls for one state folder are serialised by the caller. */
#pragma once

#include "network/nw.h"

/* Keeps the server that runs with the same configuration, else starts one in place of it.
 * The bridge is up and has its address. */
bool dhcp_server_start(Op *op, const NwDhcp *dhcp, Err **err);
/* Success when there is none. Leases stay. */
bool dhcp_server_stop(Op *op, const char *state_dir, Err **err);
char *dhcp_server_lease(const char *state_dir, const char *mac, Err **err); /* "" when none */
