/* Dumps of crashes of the host: folders that a crash kernel leaves, each an object of class
 * host_crashdump. */
#pragma once

#include "ops/platform.h"

/* At start: objects come and go with the folders. */
bool crashdump_scan(Platform *platform, Err **err);

/* When a dump was taken, by the folder's name: "20240131-090807-UTC" as XenServer's tools write it
 * or "202401310908", in the host's time zone, as Debian's do. False for any other. */
bool crashdump_time_of_name(const char *name, int64_t *ret_seconds);
