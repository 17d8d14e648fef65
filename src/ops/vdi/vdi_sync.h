/* Bringing the VDI objects of an SR in line with its images: what a scan is. */
#pragma once

#include "ops/platform.h"

/* Asks the driver for all images and for the space, and writes what it says. Image without an
 * object get one; objects whose image is gone go, except that one which a VM has attached stays, as
 * missing. Runs beside operations on single disks. */
bool vdi_sync(Call *call, SrRef sr, const SrUse *use, Err **err);

/* Size and use of the SR alone. */
bool vdi_sync_space(Call *call, SrRef sr, const SrUse *use, Err **err);
