/* A tar archive that is written into an answer as it is made, gzipped or plain; no more than a
 * piece of it is ever in memory. */
#pragma once

#include "front/request.h"

typedef struct Archive Archive;

/* Writes into the started answer of `request` (borrowed). */
Archive *archive_new(FrontRequest *request, bool is_gzipped);
/* Adds a file as `name`: its last `limit` bytes when it is longer.  One that is not there, or is no
 * regular file, is left out; files of /proc, which tell no size, are read whole up to the limit. */
bool archive_add_file(Archive *archive, const char *name, const char *path, int64_t limit,
                      Err **err);
/* Adds every regular file in a folder and the folders in it, below `name`. */
bool archive_add_folder(Archive *archive, const char *name, const char *path, int64_t limit,
                        Err **err);
/* Adds a file whole; fails when it cannot be read or its name does not fit.  One that is not there
 * is left out. */
bool archive_add_whole_file(Archive *archive, const char *name, const char *path, Err **err);
/* Adds a file of bytes that are in memory. */
bool archive_add_text(Archive *archive, const char *name, const char *text, Err **err);
/* What ends an archive. */
bool archive_end(Archive *archive, Err **err);
void archive_free(Archive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_free)
