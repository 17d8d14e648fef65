/* The strings in a machine's SMBIOS tables, as the kernel shows them in one piece.  Pure: the
 * tables are the firmware's and may be anything. */
#pragma once

#include "wire/value.h"

/* The map of host.bios_strings: every name of 6.2 is there, empty where the tables say nothing, and
 * oem-1, oem-2 ... for as many as there are. (owned) */
Value *smbios_strings(const uint8_t *tables, size_t length);
