/* Messages about a host name it; this daemon answers for its own. */
#pragma once

#include "ops/platform.h"

/* HANDLE_INVALID ["host", ref] unless `host` is the one this daemon runs on. */
bool host_here_check(Call *call, HostRef host, Err **err);

/* OPERATION_NOT_ALLOWED with what to do, unless the configuration lets this daemon change the
 * machine itself. `what` ends the sentence "This daemon may not ...". */
bool host_here_check_owned(Call *call, const char *what, Err **err);

/* The VMs that run here, without the control domain: an array of VmRef. (owned) */
GArray *host_here_guests(const DbView *view, HostRef host);
