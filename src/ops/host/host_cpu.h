/* What clients read of the machine's processors. */
#pragma once

#include "ops/platform.h"

/* Writes host.cpu_info and an object of class host_cpu for each. */
void host_cpu_write(DbTxn *txn, HostRef host, const HvHostInfo *info);

/* Whether a text has the four words of 6.2's feature strings (CPUID 1 ECX and EDX, CPUID 0x80000001
 * ECX and EDX), with or without hyphens between them. */
bool host_cpu_features_are_valid(const char *text);
