/* VDI objects as the storage drivers describe their images. */
#pragma once

#include "ops/platform.h"

/* A new object for an image. */
VdiRef vdi_rows_add(DbTxn *txn, SrRef sr, const SrVdi *image);
/* Brings an object in line with its image: size, use, parent, location. */
void vdi_rows_update(DbTxn *txn, VdiRef vdi, const SrVdi *image);
/* The object at `location` of `sr`; null when there is none. */
VdiRef vdi_rows_find(const DbView *view, SrRef sr, const char *location);
/* Removes the object; VBDs that had it become empty or go with their snapshot, suspend_VDIs forget
 * it. */
void vdi_rows_remove(DbTxn *txn, VdiRef vdi);

/* Name, description, type and maps of `source` for its copy. */
void vdi_rows_describe_as(DbTxn *txn, VdiRef copy, VdiRef source);
/* NULL leaves the default. */
void vdi_rows_copy_maps(DbTxn *txn, VdiRef vdi, const Value *other_config,
                        const Value *xenstore_data, const Value *sm_config, const Value *tags);

/* physical_size, physical_utilisation and the sum of the VDIs' sizes. */
void vdi_rows_set_space(DbTxn *txn, SrRef sr, const SrStat *stat);

/* A progress callback whose user is the Call. */
void vdi_rows_tell_progress(void *call, double done);
