/* Where clients find the console of a VM. */
#pragma once

#include "ops/platform.h"

/* By the address that the host has now. */
void console_location_write(DbTxn *txn, Platform *platform, ConsoleRef console);
