/* Archives of what this host knows of itself: GET /host_logs_download, the logs as tar.gz, and
 * GET /system-status, a report of the `entries` that host.get_system_status_capabilities names. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_host_logs_handler;
extern const FrontHandler front_system_status_handler;
