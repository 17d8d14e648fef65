/* Reading what is in a repository folder: images, their headers, their users.  Changes nothing. */
#pragma once

#include "storage/dir/dir_sr.h"

/* The images of a folder. */
typedef struct DirListing {
    GArray *images;       /* DirImage of every leaf, base and next whose header could be read */
    GArray *damaged;      /* DirName of the others; while there are any, that nothing is known to
                           * stand on a base proves nothing */
    GHashTable *children; /* Uuid * of a base -> number of images that stand on it */
} DirListing;
void dir_listing_clear(DirListing *listing);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DirListing, dir_listing_clear)

GArray *dir_image_list_names(const Sr *sr, Err **err); /* DirName of all that is ours (owned) */
bool dir_image_list(Op *op, Sr *sr, DirListing *ret_listing, Err **err);

/* One file. _46 when it is not there or not readable as an image. */
bool dir_image_read(Op *op, Sr *sr, const DirName *name, DirImage *ret_image, Err **err);

/* The leaf of `location`, else the base, as it stands. _46 when there is none. */
bool dir_image_find(Op *op, Sr *sr, const char *location, DirImage *ret_image, Err **err);

/* Fails with _43 when there is an image of that uuid. */
bool dir_image_check_free(Op *op, Sr *sr, Uuid uuid, Err **err);

/* From the leaf of `location` to its last parent: array of DirImage.
 * _46 when a parent is missing, _109 beyond DIR_MAX_CHAIN. (owned) */
GArray *dir_image_chain(Op *op, Sr *sr, const char *location, Err **err);

/* Images (a base is one, a next too) that stand directly on the base `parent`. */
unsigned dir_image_count_children(const DirListing *listing, Uuid parent);

/* True when a process has the file open as an image: QEMU and its tools lock byte ranges of what
 * they open, for reading as for writing. */
bool dir_image_in_use(const Sr *sr, const DirName *name);

/* True when exactly one image stands on the parent of `image`: that one, which the parent can
 * replace. A parent's name is in the headers of others with its format, so that one can be replaced
 * only by an image of the same. */
bool dir_image_is_mergeable(const DirListing *listing, const DirImage *image);

/* What clients are told. */
void dir_image_describe(const DirImage *image, SrVdi *ret_vdi);
/* dir_image_find() and dir_image_describe() in one. */
bool dir_image_stat(Op *op, Sr *sr, Uuid uuid, SrVdi *ret_vdi, Err **err);

GHashTable *dir_image_new_headers(void); /* for Sr.headers */
