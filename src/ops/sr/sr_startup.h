/* Storage when the daemon starts. */
#pragma once

#include "core/call.h"

/* Writes the SM objects and plugs the PBDs of this host. One that fails stays unplugged with a
 * message, and does not stop the start. For core_run_internal(); `user` is the Platform. */
bool sr_startup(Call *call, void *user, Err **err);
