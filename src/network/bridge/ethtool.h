/* What a network card says of itself, and is told, and netlink has no words for. */
#pragma once

#include "network/nw.h"

/* Fills speed, duplex and the PCI identity of `interface`, as far as the card tells; the rest
 * stays as it is. */
void ethtool_describe(NwInterface *interface);

/* Whether it is of the kernel's driver of that name. */
bool ethtool_is_driver(const char *name, const char *driver);

bool ethtool_set_receive_offload(const char *name, bool on, Err **err);
