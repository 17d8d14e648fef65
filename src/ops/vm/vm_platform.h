/* What the maps of a VM say of its machine, by the keys of XenServer.  What is no such number or
 * word is as if it were not there, as in XenServer. */
#pragma once

#include "base/arena.h"
#include "hv/hv.h"
#include "wire/value.h"

/* VM.platform. What is read is all in `config`, no part of the map. */
void vm_platform_read(const Value *platform, HvDomainConfig *config);

/* VM.VCPUs_params: weight, cap, and mask, which lists processors of the host: those of one vCPU
 * with commas between, vCPUs with semicolons ("0,1;2"). */
void vm_platform_read_scheduling(const Value *params, Arena *arena, HvDomainConfig *config);
