/* Repositories whose images are files of one folder: what the thin drivers (file, ext) stand on.
 * A driver finds or mounts the folder; everything inside it happens here.
 *
 * Images are qcow2 with 64 KiB clusters or raw, made and changed by qemu-img.  A location is the
 * uuid of the image. */
#pragma once

#include "storage/sr.h"

/* Makes `path`, which exists, the repository `uuid`; success when it is that already.
 * _42 when it is another one, _61 when it holds anything else. */
bool dir_format(const char *path, Uuid uuid, Err **err);
/* Deletes the images and the marker; files that are not ours stay, and so does the folder.
 * _24 when an image is in use. */
bool dir_erase(Op *op, const char *path, Uuid uuid, Err **err);
/* The uuid of the repository in `path`; false when there is none. */
bool dir_read_marker(const char *path, Uuid *ret_uuid);

/* Takes up the repository `uuid` in `path` and finishes what a crash left.
 * _47 when the folder is not that repository, for instance because it is not mounted. (owned) */
Sr *dir_open(Op *op, const char *path, Uuid uuid, Err **err);
/* _16 while live snapshots are under way; else frees `sr`. */
bool dir_close(Sr *sr, Err **err);
const char *dir_path(const Sr *sr); /* (borrowed) */

/* What probe() answers: `<SRlist>` with one `<SR>`, or none when `uuid` is NULL. `device` may be
 * NULL. (owned) */
char *dir_probe_xml(const Uuid *uuid, const char *device, uint64_t size);
/* The same for the repository in the folder `path`, if there is one. */
char *dir_probe(const char *path);

bool dir_stat(Op *op, Sr *sr, SrStat *ret_stat, Err **err);

/* The other hooks of SrDriver, with its contracts. */
GArray *dir_scan(Op *op, Sr *sr, Err **err);
bool dir_vdi_create(Op *op, Sr *sr, Uuid uuid, uint64_t virtual_size, const char *format,
                    SrVdi *ret_vdi, Err **err);
bool dir_vdi_destroy(Op *op, Sr *sr, const char *location, Err **err);
bool dir_vdi_resize(Op *op, Sr *sr, const char *location, uint64_t virtual_size, SrVdi *ret_vdi,
                    Err **err);
GArray *dir_vdi_chain(Op *op, Sr *sr, const char *location, Err **err);
bool dir_vdi_stat(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);
bool dir_clone(Op *op, Sr *sr, const char *location, Uuid copy_uuid, bool copy_read_only,
               SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent, Err **err);
bool dir_live_begin(Op *op, Sr *sr, const char *location, SrImage *ret_overlay, Err **err);
bool dir_live_commit(Op *op, Sr *sr, const char *location, const SrImage *overlay, Uuid copy_uuid,
                     bool copy_read_only, SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent,
                     Err **err);
bool dir_live_abort(Op *op, Sr *sr, const char *location, const SrImage *overlay, Err **err);
bool dir_coalesce(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);
bool dir_merge_begin(Op *op, Sr *sr, const char *location, Err **err);
bool dir_merge_commit(Op *op, Sr *sr, const char *location, Err **err);
bool dir_merge_abort(Op *op, Sr *sr, const char *location, Err **err);
bool dir_copy(Op *op, Sr *sr, const char *location, const SrDriver *target_driver, Sr *target,
              Uuid copy_uuid, SrProgress progress, void *user, SrVdi *ret_copy, Err **err);
bool dir_import(Op *op, Sr *sr, Uuid uuid, const SrImage *source, SrProgress progress, void *user,
                SrVdi *ret_vdi, Err **err);
