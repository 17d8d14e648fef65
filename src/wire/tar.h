/* The blocks before files in a tar archive: POSIX ustar.  Pure; fuzzed.  What is between them,
 * content padded to whole blocks, is the business of whoever has the bytes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    TAR_BLOCK = 512,
    TAR_MAX_NAME = 256, /* bytes of a path: 155 of folders, a slash, 100 of the last parts */
};

typedef struct TarEntry {
    char name[TAR_MAX_NAME + 1];
    int64_t size;     /* bytes of content */
    int64_t modified; /* epoch seconds */
    unsigned mode;    /* permission bits */
    bool is_file;     /* a regular one; folders, links and all the rest are not */
} TarEntry;

/* False when the name, or the size, does not fit.  Owner is root. */
bool tar_write_header(const TarEntry *entry, char ret_header[TAR_BLOCK]);

typedef enum TarBlock {
    TAR_ENTRY,
    TAR_END, /* an empty block: the archive ends */
    TAR_BAD, /* no header, or one whose sum is wrong */
} TarBlock;
TarBlock tar_read_header(const char header[TAR_BLOCK], TarEntry *ret_entry);

/* How many bytes follow a content of `size` bytes up to the next block. */
static inline int64_t tar_padding(int64_t size)
{
    return -size & (TAR_BLOCK - 1);
}
