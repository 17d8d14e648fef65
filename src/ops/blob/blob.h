/* Blobs as parts of other objects: the objects of class blob and who refers to them. */
#pragma once

#include "ops/platform.h"

/* An empty blob. No type stands for bytes of any kind. */
BlobRef blob_create_row(DbTxn *txn, const char *mime_type, bool is_public);

/* Drops the object and its name in the `blobs` of whatever it is kept with. The file is the
 * caller's, after the commit: blob_file_remove(). */
void blob_delete_row(DbTxn *txn, BlobRef blob);

/* Drops the objects of a `blobs` field whose owner is about to go.  Their uuids, for
 * blob_remove_files() after the commit. (owned) */
GPtrArray *blob_delete_kept(DbTxn *txn, const Value *blobs);
void blob_remove_files(const Platform *platform, const GPtrArray *uuids);

/* At start: makes room for contents, or removes what there is where that was switched off; removes
 * files that belong to no blob, and writes down the sizes of the others. */
bool blob_storage_start(Platform *platform, Err **err);
