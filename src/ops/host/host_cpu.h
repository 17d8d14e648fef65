/* What clients read of the machine's processors. */
#pragma once

#include "ops/platform.h"

/* Writes host.cpu_info and an object of class host_cpu for each. */
void host_cpu_write(DbTxn *txn, HostRef host, const HvHostInfo *info);

enum { HOST_CPU_FEATURES_SIZE = 36 }; /* "aaaaaaaa-bbbbbbbb-cccccccc-dddddddd" */

/* The four words of 6.2's feature strings: CPUID 1 ECX and EDX, CPUID 0x80000001 ECX and EDX. */
const char *host_cpu_features(char text[HOST_CPU_FEATURES_SIZE]);
/* Whether a text is such a string, with or without the hyphens. */
bool host_cpu_features_are_valid(const char *text);
