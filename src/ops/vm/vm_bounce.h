/* Guests that stop again soon after they started. As in 6.2, a crash is then not answered by a
 * restart, and a reboot comes after a pause that grows: a guest that cannot start would else take
 * the host's time for ever.
 *
 * A guest that ran for VM.other_config:crash-loop-seconds (120 when it is not there) may crash and
 * restart; half of that is enough for a reboot at once. 0 switches both rules off. */
#pragma once

#include "gen/db_vm.h"

typedef struct VmBounces VmBounces;

VmBounces *vm_bounces_new(void);
void vm_bounces_free(VmBounces *bounces);

/* Of a VM whose guest just crashed. */
bool vm_bounce_is_crash_loop(const DbView *view, VmRef vm);

enum { VM_BOUNCE_FIRST_PAUSE = 2 };

/* Seconds that a VM whose guest just stopped waits for its next start: none for the first quick
 * reboot, then the first pause, twice as many each time, and never more than 60. */
unsigned vm_bounce_pause(VmBounces *bounces, const DbView *view, VmRef vm);
