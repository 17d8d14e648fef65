/* Reading what is in a repository folder; see dir_image.h.
 *
 * qemu-img is asked for a header once per state of the file, so that a scan of idle images costs
 * an lstat(2) each. */
#include "storage/dir/dir_image.h"

#include "base/fd.h"
#include "storage/image/qemu_img.h"
#include "storage/sr_fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

typedef struct DirHeader {
    dev_t device;
    ino_t inode;
    off_t length;
    struct timespec changed;
    uint64_t virtual_size;
    bool has_backing;
    DirName backing;
} DirHeader;

typedef DIR DirStream;
static void close_stream(DirStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DirStream, close_stream)

static bool add_image(Op *op, Sr *sr, const DirName *name, DirListing *listing, Err **err);
static void count_child(DirListing *listing, const DirImage *image);
static bool read_header(Op *op, Sr *sr, const DirName *name, const struct stat *stat,
                        DirHeader *ret_header, Err **err);
static bool ask_header(Op *op, const Sr *sr, const DirName *name, DirHeader *header, Err **err);
static bool find_cached(Sr *sr, const char *file, const struct stat *stat, DirHeader *ret_header);

void dir_listing_clear(DirListing *listing)
{
    g_clear_pointer(&listing->images, g_array_unref);
    g_clear_pointer(&listing->damaged, g_array_unref);
    g_clear_pointer(&listing->children, g_hash_table_unref);
}

GArray *dir_image_list_names(const Sr *sr, Err **err)
{
    g_autoptr(DirStream) stream = opendir(sr->path);
    if (!stream) {
        sr_fail_errno(err, SR_FAIL_SCAN, errno, "cannot read the folder %s", sr->path);
        return NULL;
    }
    g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(DirName));
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry) {
            break;
        }
        DirName name;
        if (dir_name_parse(entry->d_name, &name)) {
            g_array_append_val(names, name);
        }
        if (names->len > DIR_MAX_FILES) {
            sr_fail(err, SR_FAIL_SCAN, "the folder %s holds more than %d images", sr->path,
                    DIR_MAX_FILES);
            return NULL;
        }
    }
    if (errno) {
        sr_fail_errno(err, SR_FAIL_SCAN, errno, "cannot read the folder %s", sr->path);
        return NULL;
    }
    return g_steal_pointer(&names);
}

bool dir_image_list(Op *op, Sr *sr, DirListing *ret_listing, Err **err)
{
    g_autoptr(GArray) names = dir_image_list_names(sr, err);
    if (!names) {
        return false;
    }
    g_auto(DirListing) listing = {
        .images = g_array_new(FALSE, FALSE, sizeof(DirImage)),
        .damaged = g_array_new(FALSE, FALSE, sizeof(DirName)),
        .children = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, g_free, NULL),
    };
    for (guint i = 0; i < names->len; i++) {
        const DirName *name = &g_array_index(names, DirName, i);
        if (name->kind != DIR_NEW && !add_image(op, sr, name, &listing, err)) {
            return false;
        }
    }
    *ret_listing = listing;
    listing = (DirListing){0};
    return true;
}

bool dir_image_read(Op *op, Sr *sr, const DirName *name, DirImage *ret_image, Err **err)
{
    g_autofree char *path = dir_sr_path(sr, DIR_NAME(name->kind, name->uuid, name->format));
    struct stat stat;
    if (lstat(path, &stat) < 0) {
        return sr_fail_errno(err, SR_FAIL_VDI_UNAVAILABLE, errno, "cannot find %s", path);
    }
    if (!S_ISREG(stat.st_mode)) {
        return sr_fail(err, SR_FAIL_VDI_UNAVAILABLE, "%s is not a regular file", path);
    }
    DirHeader header;
    if (!read_header(op, sr, name, &stat, &header, err)) {
        return false;
    }
    *ret_image = (DirImage){
        .name = *name,
        .stat = stat,
        .virtual_size = header.virtual_size,
        .has_backing = header.has_backing,
        .backing = header.backing,
    };
    return true;
}

bool dir_image_find(Op *op, Sr *sr, const char *location, DirImage *ret_image, Err **err)
{
    DirName name = {0};
    if (!dir_sr_parse_location(location, &name.uuid, err)) {
        return false;
    }
    static const DirName candidates[] = {
        {.kind = DIR_LEAF, .format = "qcow2"},
        {.kind = DIR_LEAF, .format = "raw"},
        {.kind = DIR_BASE, .format = "qcow2"},
        {.kind = DIR_BASE, .format = "raw"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
        name.kind = candidates[i].kind;
        name.format = candidates[i].format;
        if (dir_sr_exists(sr, DIR_NAME(name.kind, name.uuid, name.format))) {
            return dir_image_read(op, sr, &name, ret_image, err);
        }
    }
    return sr_fail(err, SR_FAIL_VDI_UNAVAILABLE, "there is no image %s in %s", location, sr->path);
}

bool dir_image_check_free(Op *op, Sr *sr, Uuid uuid, Err **err)
{
    return !dir_image_find(op, sr, UUID_TEXT(uuid), &(DirImage){0}, NULL) ||
           sr_fail(err, SR_FAIL_VDI_EXISTS, "there is an image %s in %s already", UUID_TEXT(uuid),
                   sr->path);
}

GArray *dir_image_chain(Op *op, Sr *sr, const char *location, Err **err)
{
    DirImage image;
    if (!dir_image_find(op, sr, location, &image, err)) {
        return NULL;
    }
    g_autoptr(GArray) chain = g_array_new(FALSE, FALSE, sizeof(DirImage));
    g_array_append_val(chain, image);
    while (image.has_backing) {
        if (chain->len == DIR_MAX_CHAIN) {
            sr_fail(err, SR_FAIL_CHAIN_TOO_LONG, "image %s stands on more than %d others", location,
                    DIR_MAX_CHAIN - 1);
            return NULL;
        }
        DirName backing = image.backing;
        if (!dir_image_read(op, sr, &backing, &image, err)) {
            return NULL;
        }
        g_array_append_val(chain, image);
    }
    return g_steal_pointer(&chain);
}

unsigned dir_image_count_children(const DirListing *listing, Uuid parent)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(listing->children, &parent));
}

bool dir_image_in_use(const Sr *sr, const DirName *name)
{
    g_autofree char *path = dir_sr_path(sr, DIR_NAME(name->kind, name->uuid, name->format));
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool dir_image_is_mergeable(const DirListing *listing, const DirImage *image)
{
    if (listing->damaged->len > 0 || !image->has_backing) {
        return false;
    }
    bool replaceable =
        image->name.kind == DIR_LEAF ||
        (image->name.kind == DIR_BASE && g_str_equal(image->name.format, image->backing.format));
    return replaceable && dir_image_count_children(listing, image->backing.uuid) == 1;
}

void dir_image_describe(const DirImage *image, SrVdi *ret_vdi)
{
    *ret_vdi = (SrVdi){
        .uuid = image->name.uuid,
        .location = g_strdup(UUID_TEXT(image->name.uuid)),
        .format = g_strdup(image->name.format),
        .parent = image->has_backing ? g_strdup(UUID_TEXT(image->backing.uuid)) : NULL,
        .virtual_size = image->virtual_size,
        .physical_utilisation = (uint64_t)image->stat.st_blocks * 512,
        .read_only = image->name.kind == DIR_BASE || !(image->stat.st_mode & S_IWUSR),
        .managed = image->name.kind == DIR_LEAF,
    };
}

bool dir_image_stat(Op *op, Sr *sr, Uuid uuid, SrVdi *ret_vdi, Err **err)
{
    DirImage image;
    if (!dir_image_find(op, sr, UUID_TEXT(uuid), &image, err)) {
        return false;
    }
    dir_image_describe(&image, ret_vdi);
    return true;
}

GHashTable *dir_image_new_headers(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void close_stream(DirStream *stream)
{
    closedir(stream);
}

/* An image that is damaged is told apart from a question that could not be asked. */
static bool add_image(Op *op, Sr *sr, const DirName *name, DirListing *listing, Err **err)
{
    DirImage image;
    Err *cause = NULL;
    if (dir_image_read(op, sr, name, &image, &cause)) {
        g_array_append_val(listing->images, image);
        count_child(listing, &image);
        return true;
    }
    if (!op_check(op, NULL) || !err_is(cause, "SR_BACKEND_FAILURE_46")) {
        return err_propagate(err, cause);
    }
    err_free(cause);
    g_array_append_val(listing->damaged, *name);
    return true;
}

static void count_child(DirListing *listing, const DirImage *image)
{
    if (image->has_backing) {
        unsigned count = dir_image_count_children(listing, image->backing.uuid);
        g_hash_table_replace(listing->children,
                             g_memdup2(&image->backing.uuid, sizeof image->backing.uuid),
                             GUINT_TO_POINTER(count + 1));
    }
}

static bool read_header(Op *op, Sr *sr, const DirName *name, const struct stat *stat,
                        DirHeader *ret_header, Err **err)
{
    if (g_str_equal(name->format, "raw")) {
        *ret_header = (DirHeader){.virtual_size = (uint64_t)stat->st_size};
        return true;
    }
    const char *file = DIR_NAME(name->kind, name->uuid, name->format);
    if (find_cached(sr, file, stat, ret_header)) {
        return true;
    }
    DirHeader header = {
        .device = stat->st_dev,
        .inode = stat->st_ino,
        .length = stat->st_size,
        .changed = stat->st_mtim,
    };
    if (!ask_header(op, sr, name, &header, err)) {
        return false;
    }
    *ret_header = header;
    LOCK_GUARD(&sr->lock);
    g_hash_table_replace(sr->headers, g_strdup(file), g_memdup2(&header, sizeof header));
    return true;
}

static bool ask_header(Op *op, const Sr *sr, const DirName *name, DirHeader *header, Err **err)
{
    g_autofree char *path = dir_sr_path(sr, DIR_NAME(name->kind, name->uuid, name->format));
    g_auto(QemuImgInfo) info = {0};
    if (!qemu_img_info(op, path, name->format, &info, err)) {
        return false;
    }
    header->virtual_size = info.virtual_size;
    if (info.backing) {
        bool ours =
            dir_name_parse(info.backing, &header->backing) && header->backing.kind == DIR_BASE;
        if (!ours) {
            return sr_fail(err, SR_FAIL_VDI_UNAVAILABLE,
                           "%s stands on %s, which is no parent image of this repository", path,
                           info.backing);
        }
        header->has_backing = true;
    }
    return true;
}

static bool find_cached(Sr *sr, const char *file, const struct stat *stat, DirHeader *ret_header)
{
    LOCK_GUARD(&sr->lock);
    const DirHeader *header = g_hash_table_lookup(sr->headers, file);
    if (!header || header->device != stat->st_dev || header->inode != stat->st_ino ||
        header->length != stat->st_size || header->changed.tv_sec != stat->st_mtim.tv_sec ||
        header->changed.tv_nsec != stat->st_mtim.tv_nsec) {
        return false;
    }
    *ret_header = *header;
    return true;
}
