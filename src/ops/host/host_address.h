/* What clients reach this host by. */
#pragma once

#include "ops/platform.h"

/* Where the management interface is one that was chosen, host.address becomes the address it has
 * now, "" for none; then the locations of consoles name it too. */
void host_address_follow(DbTxn *txn, Platform *platform);

/* host.address, or what the settings say while it has none. (borrowed until txn ends) */
const char *host_address_text(const DbView *view, const Platform *platform);
