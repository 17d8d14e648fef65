/* What earlier daemons left below run_dir. */
#pragma once

#include "hv/xen/xen.h"

/* Enters every complete domain that still exists into the table and ends those whose building was
 * cut short. Ends that nobody saw are told at once. Domains without a folder are somebody else's
 * and left alone. */
bool xen_adopt_all(Hv *hv, Err **err);
