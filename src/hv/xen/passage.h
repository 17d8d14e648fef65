/* What others must know of domains on their way. */
#pragma once

#include "hv/xen/domain.h"

/* Behind the names of domains: libxl wants those to be unique also where a guest moves from one to
 * another on the same machine. */
#define XEN_PASSAGE_COMING "--incoming"
#define XEN_PASSAGE_GIVEN  "--given"

/* Of one that a driver before this one left on its way: it goes on. */
void xen_passage_settle(XenDomain *domain);
