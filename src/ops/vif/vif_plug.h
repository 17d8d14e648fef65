/* NICs of running VMs. */
#pragma once

#include "ops/platform.h"

/* Takes the NIC from the VM, or finds that it has none any more: the database says so then. The
 * caller has the VIF's operation. */
bool vif_plug_end(Call *call, VifRef vif, bool force, Err **err);
