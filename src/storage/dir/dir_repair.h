/* Finishes what a crash left in a repository folder, and drops parents nobody needs. */
#pragma once

#include "storage/dir/dir_image.h"

/* Brings the folder into a state without leftovers; caller holds the guard.  What other threads
 * and processes are at work on stays.  `ret_listing` is the folder afterwards. */
bool dir_repair(Op *op, DirGuard *guard, DirListing *ret_listing, Err **err);

/* Deletes bases without children, and then their parents, as long as there are any.  Does nothing
 * unless every header could be read. */
bool dir_repair_drop_orphans(Op *op, DirGuard *guard, Err **err);
