/* What a locked VIF may use. */
#pragma once

#include "ops/platform.h"

/* Addresses for ipv4_allowed (AF_INET) or ipv6_allowed (AF_INET6): INVALID_VALUE [field, address],
 * or [field, count] when there are too many. NULL is none. */
bool vif_locking_check(int family, const Value *addresses, Err **err);
