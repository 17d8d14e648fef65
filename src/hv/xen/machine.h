/* Processors, memory and the switches of a guest's machine, as libxl is told of them. */
#pragma once

#include "hv/hv.h"

#include <libxl.h>

/* What `multiplier` times the usual memory for page tables is, for a guest of that size. */
uint64_t xen_machine_shadow_kib(uint64_t memory_max_bytes, unsigned vcpus_max, double multiplier);

/* What libxl takes as the hidden bits of a word of CPUID. (owned) */
char *xen_machine_cpuid_text(HvCpuWord word, uint32_t hidden);

/* `build` is initialised for the domain's type. */
void xen_machine_describe(const HvDomainConfig *config, libxl_domain_build_info *build);
