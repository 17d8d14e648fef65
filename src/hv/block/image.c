/* Opening images and writing their block nodes.  Which nodes a disk has is in disk.h, adding
 * them to a running domain is chain.c. */
#include "hv/block/image.h"

#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static bool block_image_open_how(const HvImage *image, bool read_only, bool direct,
                                 BlockImage *ret_image, Err **err);
static int block_image_open_file(const char *path, int flags, bool *ret_direct);
static Value *block_image_format(const BlockImage *image, const char *node, Value *file,
                                 const char *backing);
static Value *block_image_file(const BlockImage *image, int64_t fdset, const char *aio);

void block_image_clear(BlockImage *image)
{
    fd_close(&image->fd);
    g_clear_pointer(&image->format, g_free);
}

bool block_image_open(const HvImage *image, bool read_only, BlockImage *ret_image, Err **err)
{
    return block_image_open_how(image, read_only, !read_only, ret_image, err);
}

bool block_image_open_buffered(const HvImage *image, BlockImage *ret_image, Err **err)
{
    return block_image_open_how(image, false, false, ret_image, err);
}

static bool block_image_open_how(const HvImage *image, bool read_only, bool direct,
                                 BlockImage *ret_image, Err **err)
{
    auto_fd fd = block_image_open_file(image->path, read_only ? O_RDONLY : O_RDWR, &direct);
    if (fd < 0) {
        return err_errno(err, errno, "cannot open the disk image %s", image->path);
    }
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return err_errno(err, errno, "cannot examine the disk image %s", image->path);
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        return err_internal(err, "the disk image %s is neither a file nor a block device",
                            image->path);
    }
    *ret_image = (BlockImage){
        .fd = fd_steal(&fd),
        .format = g_strdup(image->format),
        .read_only = read_only,
        .direct = direct,
        .block_device = S_ISBLK(status.st_mode),
    };
    return true;
}

Value *block_image_node(const BlockImage *image, const char *node, int64_t fdset,
                        const char *backing, const char *aio)
{
    return block_image_format(image, node, block_image_file(image, fdset, aio), backing);
}

Value *block_image_over(const BlockImage *image, const char *node, const char *file,
                        const char *backing)
{
    return block_image_format(image, node, value_new_string(file), backing);
}

Value *block_image_file_node(const BlockImage *image, const char *node, int64_t fdset,
                             const char *aio, bool locking)
{
    Value *args = block_image_file(image, fdset, aio);
    value_struct_add_static(args, "node-name", value_new_string(node));
    if (!locking) {
        value_struct_add_static(args, "locking", value_new_string("off"));
    }
    return args;
}

static Value *block_image_format(const BlockImage *image, const char *node, Value *file,
                                 const char *backing)
{
    Value *args = value_new_struct(6);
    value_struct_add_static(args, "driver", value_new_string(image->format));
    value_struct_add_static(args, "node-name", value_new_string(node));
    value_struct_add_static(args, "read-only", value_new_bool(image->read_only));
    value_struct_add_static(args, "discard", value_new_string("unmap"));
    value_struct_add_static(args, "file", file);
    /* An absent "backing" would make QEMU open the path that the image's header names. */
    if (backing) {
        value_struct_add_static(args, "backing", value_new_string(backing));
    } else if (!text_equal(image->format, "raw")) {
        value_struct_add_static(args, "backing", value_new_nil());
    }
    return args;
}

/* O_DIRECT is refused with EINVAL by file systems that have no such thing, e.g. tmpfs. */
static int block_image_open_file(const char *path, int flags, bool *ret_direct)
{
    if (*ret_direct) {
        int fd = open(path, flags | O_CLOEXEC | O_DIRECT);
        if (fd >= 0 || errno != EINVAL) {
            return fd;
        }
        *ret_direct = false;
    }
    return open(path, flags | O_CLOEXEC);
}

static Value *block_image_file(const BlockImage *image, int64_t fdset, const char *aio)
{
    g_autofree char *path = g_strdup_printf("/dev/fdset/%" G_GINT64_FORMAT, fdset);
    Value *cache = value_new_struct(1);
    value_struct_add_static(cache, "direct", value_new_bool(image->direct));
    Value *file = value_new_struct(8);
    value_struct_add_static(file, "driver",
                            value_new_string(image->block_device ? "host_device" : "file"));
    value_struct_add_static(file, "filename", value_new_string(path));
    /* A parent that data are merged into is written to: QEMU then takes a second descriptor. */
    const char *mode = image->read_only ? "auto-read-only" : "read-only";
    value_struct_add_static(file, mode, value_new_bool(image->read_only));
    value_struct_add_static(file, "aio", value_new_string(aio));
    value_struct_add_static(file, "cache", cache);
    value_struct_add_static(file, "discard", value_new_string("unmap"));
    return file;
}
