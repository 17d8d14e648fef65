/* What a network card says of itself and netlink does not tell. */
#pragma once

#include "network/nw.h"

/* Fills speed, duplex and the PCI identity of `interface`, as far as the card tells; the rest
 * stays as it is. */
void ethtool_describe(NwInterface *interface);
