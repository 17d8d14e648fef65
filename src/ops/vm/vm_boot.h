/* Bringing a VM up on this host and taking it down: the steps that start, resume, reboot and the
 * shutdowns share.  The caller holds the VM's operation. */
#pragma once

#include "ops/platform.h"

typedef struct VmBoot {
    bool paused;          /* leave it paused */
    bool force;           /* see vm_check_can_boot() */
    const HvImage *saved; /* resume from this state; NULL: boot */
} VmBoot;

/* On failure nothing is left behind and the database is as before. */
bool vm_boot(Call *call, VmRef vm, const VmBoot *how, Err **err);

/* Ends the domain if there is one, gives its taps back and marks the VM halted. Idempotent. */
bool vm_halt(Call *call, VmRef vm, Err **err);

/* Ends the domain and boots it anew; for clients it runs all the while. Halted when that fails. */
bool vm_restart(Call *call, VmRef vm, Err **err);

/* Ends the domain and frees what it held, without a word to the database. */
bool vm_end_domain(Call *call, VmRef vm, Err **err);

/* The engine's name for the VM. */
Uuid vm_domain_uuid(const DbView *view, VmRef vm);
