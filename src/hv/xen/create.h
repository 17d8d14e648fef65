/* Parts of building and of ending domains that more than one file needs. */
#pragma once

#include "hv/xen/domain.h"

/* Brings what a domain is made of into the socket `to`. */
typedef bool (*XenCreateFeed)(void *user, Op *op, int to, Err **err);

/* What libxl would only tell in words that are no help to a user. */
bool xen_create_check(const HvDomainConfig *config, Err **err);
/* Builds it as `name` from the state that comes. `domid` is told as soon as there is one, also on
 * failure; the caller finishes it or takes it back. */
bool xen_create_from(XenDomain *domain, Op *op, const HvDomainConfig *config, const char *name,
                     XenCreateFeed feed, void *user, uint32_t *domid, Err **err);
/* Has its device model take over the disks, as block.h has it. */
bool xen_create_take_over(XenDomain *domain, Op *op, const HvDomainConfig *config, Err **err);
/* It is complete. */
bool xen_create_finish(XenDomain *domain, const HvDomainConfig *config, uint32_t domid, Err **err);
/* Leaves nothing of the domain behind. */
void xen_create_undo(XenDomain *domain, uint32_t domid);

/* Ends whatever exists of the domain in Xen; success when nothing does. */
bool xen_create_end(Hv *hv, Op *op, uint32_t domid, const char *name, Err **err);
