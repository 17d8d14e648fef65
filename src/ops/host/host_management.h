/* The interface through which clients reach the host. */
#pragma once

#include "ops/platform.h"

/* Null when no PIF of the host is the management interface. */
PifRef host_management_pif(const DbView *view, HostRef host);

/* Success when `pif` is it already; otherwise OPERATION_NOT_ALLOWED, for the address that clients
 * use is the configuration's choice. */
bool host_management_move(Call *call, PifRef pif, Err **err);
