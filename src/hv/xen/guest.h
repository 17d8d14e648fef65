/* What guests write into xenstore for us. */
#pragma once

#include "hv/xen/domain.h"

/* Listens to xenstore, once the own loop runs. */
bool xen_guest_start(Hv *hv, Err **err);

/* guest_changed is told when the guest writes. */
void xen_guest_watch(XenDomain *domain);
/* For one that has ended, so that xenstore forgets it. */
void xen_guest_unwatch(XenDomain *domain);
