/* What Linux tells of the processors it runs on. Pure. */
#pragma once

#include "hv/hv.h"

/* Sets what /proc/cpuinfo, of which `text` is a copy, tells: counts, names, numbers and flags.
 * `info` starts zeroed. */
void hv_cpuinfo_parse(const char *text, HvHostInfo *info);
