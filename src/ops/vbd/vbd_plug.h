/* Disks of running VMs. */
#pragma once

#include "ops/platform.h"

/* Takes the disk from the VM, or finds that it has none any more: the database says so then. The
 * caller has the VBD's operation. */
bool vbd_plug_end(Call *call, VbdRef vbd, bool force, Err **err);
