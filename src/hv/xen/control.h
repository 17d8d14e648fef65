/* Pausing, for who has the control of the guest already. */
#pragma once

#include "hv/xen/domain.h"

/* As HvDriver.domain_set_paused; see block_guest_take_control(). */
bool xen_control_pause(XenDomain *domain, Op *op, bool paused, Err **err);
