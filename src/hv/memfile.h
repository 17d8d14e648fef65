/* What a guest's memory is written into: how large it is, and core files. */
#pragma once

#include "hv/hv.h"

/* Bytes that hold so much memory, with what a stream or a core file says of each page, and
 * `besides` for the rest. */
uint64_t hv_memfile_size(uint64_t memory_bytes, uint64_t besides);

/* Opens a raw image, which a core file is written into. A descriptor (owned), or -1. */
int hv_memfile_open_dump(const HvImage *image, Err **err);
/* Has what was written reach the disk. */
bool hv_memfile_sync_dump(int fd, const HvImage *image, Err **err);
