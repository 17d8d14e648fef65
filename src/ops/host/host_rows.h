/* The objects of this host: host, its metrics and CPUs, the control domain, and the pool of one. */
#pragma once

#include "ops/platform.h"

/* Makes what is missing, brings the rest up to date. */
bool host_rows_write(Platform *platform, HostRef *ret_host, PoolRef *ret_pool, Err **err);
