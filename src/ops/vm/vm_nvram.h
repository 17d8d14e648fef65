/* The UEFI variables of a VM: a file that its firmware writes, made when it first boots by UEFI. */
#pragma once

#include "ops/platform.h"

/* (arena) */
const char *vm_nvram_path(Call *call, const char *vm_uuid);

/* Gives one VM the variables of another, as they are now; none, when that has none. */
bool vm_nvram_copy(Call *call, const char *from_uuid, const char *to_uuid, Err **err);

void vm_nvram_remove(Call *call, const char *vm_uuid);
