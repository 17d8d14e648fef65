/* The folder of xenstore where host and guest leave each other words. */
#pragma once

#include "hv/xen/domain.h"

/* Makes it for a new domain, with `data` (paths and values in turn, NULL-terminated) in it. Both
 * sides may write there, as in 6.2; libxl would leave it closed to the guest. */
bool xen_store_begin(XenDomain *domain, const char *const *data, Err **err);

/* Paths and values in turn; NULL when there is no such folder, or too much in it. (owned) */
char **xen_store_read(XenDomain *domain);
