/* VDI objects as the storage drivers describe their images. */
#pragma once

#include "ops/platform.h"

/* The object of an image at its location, made if there is none. A scan may have met the image
 * before whoever made it came to write its object. */
VdiRef vdi_rows_put(DbTxn *txn, SrRef sr, const SrVdi *image);
/* A new object for an image that has none. */
VdiRef vdi_rows_add(DbTxn *txn, SrRef sr, const SrVdi *image);
/* Brings an object in line with its image: size, use, parent. A damaged image keeps what is known
 * of it and counts as missing. */
void vdi_rows_update(DbTxn *txn, VdiRef vdi, const SrVdi *image);
/* The same for who knows the parent's object already; null for none. */
void vdi_rows_update_with(DbTxn *txn, VdiRef vdi, const SrVdi *image, VdiRef parent);
/* The object at `location` of `sr`; null when there is none. */
VdiRef vdi_rows_find(const DbView *view, SrRef sr, const char *location);
/* Removes the object; CD drives that had it become empty, other VBDs and crash dumps go with it,
 * suspend_VDIs forget it. */
void vdi_rows_remove(DbTxn *txn, VdiRef vdi);
/* Removes unmanaged parents that no object stands on any more, upwards from `parent`: storage
 * drivers destroy them by themselves. */
void vdi_rows_prune(DbTxn *txn, VdiRef parent);

/* Name, description, type and maps of `source` for its copy. */
void vdi_rows_describe_as(DbTxn *txn, VdiRef copy, VdiRef source);
/* NULL leaves the default. */
void vdi_rows_copy_maps(DbTxn *txn, VdiRef vdi, const Value *other_config,
                        const Value *xenstore_data, const Value *sm_config, const Value *tags);

/* physical_size, physical_utilisation and the sum of the VDIs' sizes. */
void vdi_rows_set_space(DbTxn *txn, SrRef sr, const SrStat *stat);

/* A progress callback whose user is the Call. */
void vdi_rows_tell_progress(void *call, double done);
