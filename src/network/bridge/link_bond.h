/* Several cards as one interface, by the kernel's bonding. */
#pragma once

#include "network/bridge/netlink.h"
#include "network/nw.h"

/* Makes the bond with its members, whose addresses and routes it takes over.  Success when it is
 * there with the same mode; a member that is missing is added. */
bool link_bond_create(NetlinkSocket *nl, Op *op, const NwBond *bond, Err **err);
/* Sets the members free; addresses and routes go to `heir`. Success when there is none. */
bool link_bond_delete(NetlinkSocket *nl, Op *op, const char *name, const char *heir, Err **err);

/* What the kernel is asked for, and the rules against frames that come back. Pure. (owned) */
struct nl_msg *link_bond_request(const NwBond *bond);
char *link_bond_format_rules(const NwBond *bond);
