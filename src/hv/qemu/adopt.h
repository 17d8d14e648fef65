/* Finding the domains that an earlier daemon started. */
#pragma once

#include "hv/hv.h"

/* Adopts what still runs under run_dir, clears away what does not and notes its end in
 * Hv.lost. A single bad folder is logged and cleared, no reason to fail. */
bool qemu_adopt_all(Hv *hv, Err **err);
