/* The whole daemon: makes every part in its order and ends them in the opposite one. */
#pragma once

#include "daemon/config.h"

typedef struct Daemon Daemon;

/* Serves when it returns. */
Daemon *daemon_start(const DaemonConfig *config, Err **err);
/* Opens the log below the root of `config`; anew, when that file has been renamed. */
bool daemon_open_log(const DaemonConfig *config, Err **err);
/* Guests keep running. */
void daemon_stop(Daemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Daemon, daemon_stop)
