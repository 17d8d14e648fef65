/* The processor that a guest is given, in QEMU's words. */
#pragma once

#include "hv/hv.h"

/* A value of -cpu: `model` without the hidden features.  Those that QEMU has no name for follow
 * from others. (owned) */
char *qemu_cpu_describe(const char *model, const uint32_t *hidden);
