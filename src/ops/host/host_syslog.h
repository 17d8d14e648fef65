/* What rsyslog is told about a server that takes the host's log messages. */
#pragma once

#include <glib.h>

/* The lines of its configuration; NULL when `destination` is no name or address, with or without a
 * port. (owned) */
char *host_syslog_rule(const char *destination);
