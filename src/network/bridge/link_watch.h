/* What the kernel says of changes of interfaces and addresses, as it happens. */
#pragma once

#include "base/err.h"

/* A descriptor that is readable when there is something. (owned), -1 */
int link_watch_open(Err **err);

/* Takes all there is: whether any of it can concern the host's own network.  Taps and queues of
 * guests come and go with them, and bridges say nothing that their ports have not said. */
bool link_watch_read(int fd);
