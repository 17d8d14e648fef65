/* Overlays: the steps that clone (dir_clone.c) and live snapshot (dir_live.c) have in common.
 * The caller of each holds the guard. */
#pragma once

#include "storage/dir/dir_image.h"

/* An empty draft `<uuid>.new` of `size` bytes over the base `parent`, which need not be there. */
bool dir_overlay_draft(Op *op, Sr *sr, Uuid uuid, const DirName *parent, uint64_t size,
                       bool read_only, Err **err);

/* A new image over `parent`, all the way. */
bool dir_overlay_create(Op *op, Sr *sr, Uuid uuid, const DirName *parent, uint64_t size,
                        bool read_only, Err **err);

/* The file of the leaf `source` gets a second name as the new `base` of the same format. */
bool dir_overlay_link_base(Sr *sr, const DirImage *source, const DirName *base, Err **err);

/* Makes the finished overlay `file` the leaf that `old` was; `old`'s file lives on as a base. */
bool dir_overlay_take_over(Sr *sr, const char *file, const DirName *old, Err **err);

/* Fails with _109 when one more layer on `location` is too many. */
bool dir_overlay_check_depth(Op *op, Sr *sr, const char *location, Err **err);

/* Source, copy and parent as they are now; on failure none of them is set. */
bool dir_overlay_describe(Op *op, Sr *sr, const Uuid uuids[3], SrVdi *const ret_vdis[3], Err **err);
