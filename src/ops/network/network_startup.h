/* Networks and interfaces of this host when the daemon starts. */
#pragma once

#include "core/call.h"

/* The host-internal management network, a network and a PIF for every NIC. For
 * core_run_internal(); `user` is the Platform. */
bool network_startup(Call *call, void *user, Err **err);
