/* Finishes what a crash left in a repository folder, and drops parents nobody needs. */
#pragma once

#include "storage/dir/dir_image.h"

/* Brings the folder into a state without leftovers; caller holds the guard.  What other threads
 * and processes are at work on stays.  `ret_listing` is the folder afterwards. */
bool dir_repair(Op *op, DirGuard *guard, DirListing *ret_listing, Err **err);

/* The part of it that deletes names: of bases without children, then of their parents, and of raw
 * leaves whose overlay has taken over. */
bool dir_repair_drop_leftovers(Op *op, DirGuard *guard, DirListing *ret_listing, Err **err);
