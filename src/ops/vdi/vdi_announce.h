/* Objects of images that nobody is to find should the daemon die while they are made: as long as
 * one is of type suspend and belongs to nobody, it is destroyed when its SR is plugged, and its
 * image with it. */
#pragma once

#include "ops/platform.h"

/* To be committed before the driver is asked for the image of that uuid. */
VdiRef vdi_announce(DbTxn *txn, SrRef sr, Uuid uuid);
/* The driver made none. Null is fine. */
void vdi_announce_withdraw(DbTxn *txn, VdiRef announced);
/* The object of the image that the driver made; still of type suspend when it was announced. */
VdiRef vdi_announce_put(DbTxn *txn, SrRef sr, const SrVdi *made, VdiRef announced);
