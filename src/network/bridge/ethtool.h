/* What a network card says of itself, and is told, and netlink has no words for. */
#pragma once

#include "network/nw.h"

/* Fills speed, duplex and the PCI identity of `interface`, as far as the card tells; the rest
 * stays as it is. */
void ethtool_describe(NwInterface *interface);

bool ethtool_set_receive_offload(const char *name, bool on, Err **err);
