/* What Linux, and the processor itself, tell of the processors it runs on. */
#pragma once

#include "hv/hv.h"

/* Sets what /proc/cpuinfo, of which `text` is a copy, tells: counts, names, numbers and flags.
 * `info` starts zeroed. */
void hv_cpuinfo_parse(const char *text, HvHostInfo *info);

/* HvHostInfo.cpu_features as this program's processor has them. */
void hv_cpuinfo_read_features(HvHostInfo *info);
