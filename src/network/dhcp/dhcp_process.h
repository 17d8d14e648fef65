/* Programs that go on without the daemon: each writes a pid file into its folder, and a pid counts
 * only when that process runs with an argument that names the folder. */
#pragma once

#include "base/op.h"

/* A pidfd of the process, or -1. */
int dhcp_process_find(const char *state_dir, const char *pid_file, const char *argument);
/* Asks it to end, and makes it. Success when there is none. */
bool dhcp_process_stop(Op *op, const char *state_dir, const char *pid_file, const char *argument,
                       Err **err);
