/* Sizes and core files of a guest's memory, for engines that write them in different ways. */
#include "hv/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PAGE_BYTES     4096
#define BYTES_PER_PAGE 16 /* beside its content */

uint64_t hv_memfile_size(uint64_t memory_bytes, uint64_t besides)
{
    return memory_bytes + memory_bytes / PAGE_BYTES * BYTES_PER_PAGE + besides;
}

int hv_memfile_open_dump(const HvImage *image, Err **err)
{
    if (strcmp(image->format, "raw") != 0) {
        err_internal(err, "memory cannot be dumped into a %s image", image->format);
        return -1;
    }
    int fd = open(image->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        err_errno(err, errno, "cannot open %s", image->path);
    }
    return fd;
}

bool hv_memfile_sync_dump(int fd, const HvImage *image, Err **err)
{
    return fsync(fd) == 0 || err_errno(err, errno, "cannot write %s to the disk", image->path);
}
