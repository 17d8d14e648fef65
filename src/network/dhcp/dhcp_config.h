/* The texts that dnsmasq reads and writes.  Pure. */
#pragma once

#include "network/nw.h"

#define DHCP_CONFIG_FILE "dhcp.conf"
#define DHCP_LEASE_FILE  "dhcp.leases"
#define DHCP_PID_FILE    "dhcp.pid"

/* The configuration of one server, which runs as `user`.  Fails on anything that is not an
 * address, a name or a range of one network; nothing of it can add a line of its own. (owned) */
char *dhcp_config_format(const NwDhcp *dhcp, const char *user, Err **err);

/* The address that the lease file `text` gives to `mac` (either case) at the time `now` (epoch
 * seconds), or "". Lines that are no IPv4 lease are passed over. (owned) */
char *dhcp_config_find_lease(const char *text, const char *mac, int64_t now);
