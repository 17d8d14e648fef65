/* Steps of merges that dir_repair.c finishes. The caller holds the guard. */
#pragma once

#include "storage/dir/dir_image.h"

/* Gives `parent`, which has all the data of `image`, the name of that, and lets the image go. */
bool dir_coalesce_replace(Sr *sr, const DirImage *image, const DirImage *parent, Err **err);

/* The mark of a leaf that its domain merges. */
bool dir_merge_mark(Sr *sr, const DirImage *image, bool merging, Err **err);
