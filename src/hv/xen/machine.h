/* Processors, memory and the switches of a guest's machine, as libxl is told of them. */
#pragma once

#include "hv/hv.h"

#include <libxl.h>

/* `build` is initialised for the domain's type. */
void xen_machine_describe(const HvDomainConfig *config, libxl_domain_build_info *build);
