/* Tells the service manager that started the daemon, if one did, how far it is.  The protocol is
 * sd_notify(3)'s: one datagram of lines to the socket that $NOTIFY_SOCKET names. */
#pragma once

#include "base/err.h"

/* `state` is a line of sd_notify(3), as "READY=1".  True when there is nobody to tell, too. */
bool notify_service_manager(const char *state, Err **err);
