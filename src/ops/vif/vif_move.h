/* VIFs change networks when somebody asks, and when bonds are made and taken apart. */
#pragma once

#include "ops/platform.h"

/* HOST_CANNOT_ATTACH_NETWORK when the guest runs and the network cannot be had here; then, and when
 * the port cannot be moved, the VIF stays where it was. */
bool vif_move_to(Call *call, VifRef vif, NetworkRef network, Err **err);
