/* GET /host_backup and PUT /host_restore: the state of the host as an archive.  Keys and passwords
 * are in it, so only a pool-admin has either.  What is restored takes its place at the next start;
 * see ops/state/state_swap.h and docs/internals/files.md. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_host_backup_handler;
extern const FrontHandler front_host_restore_handler;
