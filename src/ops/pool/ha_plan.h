/* Where protected VMs go when hosts fail.  The pool has one host: after its failure there is none
 * left to go to, and until then its free memory says what could be started again. */
#pragma once

#include "ops/platform.h"

/* The ha_restart_priority of a VM that is restarted after a failure. */
#define HA_PLAN_PROTECTED "restart"
/* Whether it is one of the words that VM.ha_restart_priority may be. */
bool ha_plan_is_priority(const char *text);

typedef struct HaPlan {
    unsigned hosts;      /* that are alive */
    int64_t free_memory; /* bytes on the one that is */
} HaPlan;

/* What the pool has now. */
bool ha_plan_init(Call *call, HaPlan *ret_plan, Err **err);

/* The VMs to restart after a failure, of class VM. (owned) */
GArray *ha_plan_protected(const DbView *view);

/* Whether all of `vms` could run after `failures` hosts have failed. */
bool ha_plan_exists(const HaPlan *plan, const DbView *view, const GArray *vms, int64_t failures);
/* The most failures for which a plan exists; 0 also when there is none at all. */
int64_t ha_plan_max_failures(const HaPlan *plan, const DbView *view, const GArray *vms);

/* Takes the VM's place off the free memory; false when there is not enough. */
bool ha_plan_place(HaPlan *plan, const DbView *view, VmRef vm);

/* Brings the pool's ha_plan_exists_for and ha_overcommitted up to date, with the alerts that go
 * with a change for the worse. */
bool ha_plan_update_pool(Call *call, Err **err);
