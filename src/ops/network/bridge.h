/* Networks on this host: the bridge behind a network object. */
#pragma once

#include "ops/platform.h"

/* Makes sure the network's bridge is there, with its uplink or its DHCP server.
 * HOST_CANNOT_ATTACH_NETWORK when the network needs a PIF that only an administrator may plug;
 * VM_REQUIRES_NETWORK is the caller's earlier check. */
bool bridge_ensure(Call *call, const DbView *view, NetworkRef network, VmRef for_vm, Err **err);
