/* Parts of building and of ending domains that more than one file needs. */
#pragma once

#include "hv/xen/domain.h"

/* Ends whatever exists of the domain in Xen; success when nothing does. */
bool xen_create_end(Hv *hv, Op *op, uint32_t domid, const char *name, Err **err);
