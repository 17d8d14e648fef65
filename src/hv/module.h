/* What the loadable module of an engine shows to the program that loads it.
 *
 * A module uses the functions of the program it is loaded into: program and module are built from
 * the same tree, and one of another version is refused. */
#pragma once

#include "hv/hv.h"

#define HV_MODULE_SYMBOL "hv_module"

typedef struct HvModule {
    const char *version; /* CLEARWATER_VERSION */
    const HvDriver *driver;
} HvModule;
