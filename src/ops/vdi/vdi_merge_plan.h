/* How an image can be merged into its parent just now. */
#pragma once

#include "gen/types.h"
#include "ops/platform.h"

typedef struct VdiMergePlan {
    VbdRef vbd;   /* by which the one VM that has the image open does so; null: nobody has */
    VdiRef leaf;  /* the disk of that VBD: the image itself, or one that stands on it */
    unsigned top; /* how many images of its chain are above the image */
} VdiMergePlan;

/* False when it must be left alone: an operation is on a disk that stands on it or on a VM that
 * has it open, that VM does not run, or there are several. */
bool vdi_merge_plan(const DbView *view, VdiRef image, VdiMergePlan *ret_plan);

/* Whether `vdi` is `image` or stands on it, and how many images are between. */
bool vdi_merge_stands_on(const DbView *view, VdiRef vdi, VdiRef image, unsigned *ret_depth);
