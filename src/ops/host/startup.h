/* Bringing the database in line with this host when the daemon starts. */
#pragma once

#include "ops/platform.h"

/* Idempotent. The engine and the network driver are open, nothing is served yet. */
bool startup_run(Platform *platform, HostRef *ret_host, PoolRef *ret_pool, Err **err);
