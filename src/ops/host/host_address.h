/* What clients reach this host by. */
#pragma once

#include "ops/platform.h"

/* host.address becomes that of the management interface that was chosen, "" while it has none, or
 * else that of the settings.  Locations of consoles name it too. */
void host_address_follow(DbTxn *txn, Platform *platform);

/* host.address, or what the settings say while it has none. (borrowed until txn ends) */
const char *host_address_text(const DbView *view, const Platform *platform);
