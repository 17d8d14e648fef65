/* PIF objects as the network driver describes interfaces. */
#pragma once

#include "ops/platform.h"

/* Makes or updates the PIF of a NIC, with its metrics, and its network when it has none.
 * `all` is every interface: a NIC on a bridge shows the bridge's address. */
PifRef pif_rows_write(DbTxn *txn, Platform *platform, const NwInterface *nic, const GArray *all);

/* Makes and updates the PIFs of all NICs, and updates those of VLANs on them. */
bool pif_rows_refresh(Call *call, Err **err);

/* The PIF of an untagged device on this host; null when there is none. */
PifRef pif_rows_find(const DbView *view, HostRef host, const char *device);

/* "xenbr0" for eth0, "br<device>" for other names. At most 15 characters. (owned) */
char *pif_rows_bridge_name(const char *device);
