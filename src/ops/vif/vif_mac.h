/* MAC addresses of VIFs. */
#pragma once

#include "ops/platform.h"

enum { VIF_MAC_SIZE = 18 };

/* Six hex pairs with colons, not a multicast address. Writes it in lower case. */
bool vif_mac_parse(const char *text, char ret_mac[VIF_MAC_SIZE]);

/* The address that XenServer derives from a VM's mac_seed for the NIC at `position`: the same
 * for ever, unicast and locally administered. */
void vif_mac_generate(const char *mac_seed, unsigned position, char ret_mac[VIF_MAC_SIZE]);
