/* Restarting this daemon after an answer. */
#pragma once

#include "ops/platform.h"

/* In a few seconds, by systemd, where the configuration gives this daemon the machine; elsewhere
 * its user has to. */
void host_machine_restart_soon(const Platform *platform, Op *op);
