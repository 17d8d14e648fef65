/* The machine's processors: what clients read of them, and which of their features guests see. */
#pragma once

#include "ops/host/cpu_features.h"
#include "ops/platform.h"

/* Writes host.cpu_info and an object of class host_cpu for each.  A level that was set before
 * stays, as far as these processors reach it. */
void host_cpu_write(DbTxn *txn, HostRef host, const HvHostInfo *info);

/* Writes pool.cpu_info: what all hosts have in common. */
void host_cpu_write_pool(DbTxn *txn, PoolRef pool);

/* What the engine can give to guests there. */
CpuFeatures host_cpu_physical(const DbView *view, HostRef host);
/* What guests see that boot there now: those, or the level that was set. */
CpuFeatures host_cpu_level(const DbView *view, HostRef host);
