/* Which disks and NICs a running VM has, where that changed without a call that could write it
 * down: the daemon was killed in the middle of one, or the guest gave a device back late. */
#pragma once

#include "ops/platform.h"

/* Has the database say what the domain has: of a VM whose domain is adopted. */
bool vm_devices_settle(Call *call, VmRef vm, Err **err);

/* Unplugs what the guest has given back, as soon as nothing else works on the VM. `id` is a VBD's
 * or VIF's uuid. */
void vm_devices_left(Platform *platform, Uuid domain, const char *id);
