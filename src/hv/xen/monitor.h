/* The device model's own voice: a QMP connection besides that of libxl. */
#pragma once

#include "hv/xen/domain.h"

/* Connects to the device model of a domain, if it has one. What it then tells becomes events of
 * hv.h. A domain without the connection lacks pictures, some counters, and work on its disks while
 * it runs. */
void xen_monitor_connect(XenDomain *domain);
/* The connection, with an error when there is none. (borrowed while `domain` is) */
Qmp *xen_monitor_get(XenDomain *domain, Err **err);
/* After the event thread has ended. */
void xen_monitor_release(XenDomain *domain);
