/* What the suite does to Xen's domains without the driver, by Xen's own tools. */
#pragma once

#include "hv_fixture.h"

void hv_xen_kill(Bench *bench, const HvDomainInfo *info);
int hv_xen_open_line(Bench *bench, const char *domain);
void hv_xen_wait_end(Bench *bench, const char *domain);
