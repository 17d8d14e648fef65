/* VLANs: the rules that their tags and their interfaces follow. */
#pragma once

#include "ops/platform.h"

/* 6.2 takes 0 to 4094; 4095 is the standard's own. VLAN_TAG_INVALID. */
bool vlan_check_tag(int64_t tag, Err **err);

/* NETWORK_ALREADY_CONNECTED when the host is in the network already. */
bool vlan_check_network(const DbView *view, HostRef host, NetworkRef network, Err **err);

/* A VLAN with its untagged PIF, plugged. Nothing is left when it fails. */
bool vlan_make(Call *call, PifRef tagged, int64_t tag, NetworkRef network, VlanRef *ret_vlan,
               Err **err);
