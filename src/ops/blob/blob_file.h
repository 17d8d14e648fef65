/* The contents of blobs: one file for each, named by the uuid, in a folder of this host.  Without
 * the folder there is no room for blobs here, which an administrator may have wanted. */
#pragma once

#include "ops/platform.h"

#define BLOB_MAX_BYTES ((int64_t)1024 * 1024 * 1024)

/* Whether this host keeps contents of blobs. */
bool blob_file_has_storage(const Platform *platform);
bool blob_file_enable_storage(const Platform *platform, Err **err);
/* With everything in it. */
bool blob_file_disable_storage(const Platform *platform, Err **err);

/* For reading, with the size it has; -1 when there is none. (owned) */
int blob_file_open(const Platform *platform, const char *uuid, int64_t *ret_size);

/* A new content while it is written. It replaces the old one whole, or not at all. */
typedef struct BlobDraft {
    int fd;
    char *draft_path, *path;
} BlobDraft;

bool blob_file_begin(const Platform *platform, const char *uuid, BlobDraft *ret_draft, Err **err);
bool blob_file_commit(BlobDraft *draft, Err **err);
/* Takes back what was not committed. */
void blob_draft_clear(BlobDraft *draft);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BlobDraft, blob_draft_clear)

/* No failure: what stays behind goes with the next start of the daemon. */
void blob_file_remove(const Platform *platform, const char *uuid);

/* Removes every file that is not named by one of these uuids (a set of text). */
void blob_file_sweep(const Platform *platform, GHashTable *uuids);
