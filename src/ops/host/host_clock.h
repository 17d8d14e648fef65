/* Time zones, as the system's database has them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The name that a link such as /etc/localtime stands for: "Europe/Berlin" for
 * "../usr/share/zoneinfo/Europe/Berlin"; "UTC" when it is none. (owned) */
char *host_clock_zone_of_link(const char *target);

/* The zone this machine is in. (owned) */
char *host_clock_zone(void);
