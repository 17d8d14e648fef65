/* Keeps what the database says of the host's interfaces in line with the machine as it changes: a
 * cable, a speed, an address, a card that comes or goes, a bond that loses a member. */
#pragma once

#include "ops/platform.h"

typedef struct NetworkWatch NetworkWatch;

NetworkWatch *network_watch_new(Platform *platform);
/* Without news from the driver the host goes on; then scans tell what has changed. */
void network_watch_start(NetworkWatch *watch);
/* Waits for what is under way; the core still runs. */
void network_watch_stop(NetworkWatch *watch);
void network_watch_free(NetworkWatch *watch);
