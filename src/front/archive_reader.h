/* A tar archive that comes in the body of a request, gzipped or plain, read entry by entry; no more
 * than a piece of it is ever in memory. */
#pragma once

#include "front/request.h"
#include "wire/tar.h"

typedef struct ArchiveReader ArchiveReader;

/* Reads from the started answer of `request` (borrowed). */
ArchiveReader *archive_reader_new(FrontRequest *request);
/* The next entry; what is left of the one before is skipped. `ret_is_end`: there is none, the whole
 * archive has been read and its checksum, if it has one, is right. */
bool archive_reader_next(ArchiveReader *reader, TarEntry *ret_entry, bool *ret_is_end, Err **err);
/* Reads of the content of the entry: a count, 0 at its end, -1 with `err`. */
ssize_t archive_reader_read(ArchiveReader *reader, void *buffer, size_t size, Err **err);
void archive_reader_free(ArchiveReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveReader, archive_reader_free)
