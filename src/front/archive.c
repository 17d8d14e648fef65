/* Headers and blocks of tar, through zlib when it is to be gzipped.  A file may grow or shrink
 * while it is read: as many bytes are written as the header says. */
#include "front/archive.h"

#include "base/fd.h"
#include "wire/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
    GZIP_WINDOW = 15 + 16, /* zlib's way to ask for gzip */
    MAX_DEPTH = 2,         /* folders within a folder */
    PROC_BYTES = 1024 * 1024,
    TEXT_MODE = 0640,
};

struct Archive {
    FrontRequest *request;
    bool is_gzipped;
    z_stream zip;
    char *buffer; /* FRONT_PIECE bytes, of the file that is read */
    char *packed; /* as many, for zlib */
};

static bool add_open_file(Archive *archive, const char *name, int fd, const struct stat *status,
                          int64_t limit, bool *ret_fits, Err **err);
static bool add_bytes(Archive *archive, const char *name, const char *data, size_t length,
                      int64_t modified, Err **err);
static bool add_folder(Archive *archive, const char *name, const char *path, int64_t limit,
                       unsigned depth, Err **err);
static bool put_header(Archive *archive, const char *name, int64_t size, int64_t modified,
                       unsigned mode, bool *ret_fits, Err **err);
static bool put_zeroes(Archive *archive, int64_t count, Err **err);
static bool put(Archive *archive, const void *data, size_t length, int flush, Err **err);

Archive *archive_new(FrontRequest *request, bool is_gzipped)
{
    Archive *archive = g_new0(Archive, 1);
    archive->request = request;
    archive->is_gzipped = is_gzipped;
    archive->buffer = g_malloc(FRONT_PIECE);
    archive->packed = g_malloc(FRONT_PIECE);
    if (is_gzipped) {
        int result = deflateInit2(&archive->zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
                                  MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY);
        g_assert(result == Z_OK);
    }
    return archive;
}

bool archive_add_file(Archive *archive, const char *name, const char *path, int64_t limit,
                      Err **err)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        return true;
    }
    bool fits = false;
    if (status.st_size > 0) {
        return add_open_file(archive, name, fd, &status, limit, &fits, err);
    }
    size_t length = 0;
    g_autofree char *text = fd_read_file(path, PROC_BYTES, &length, NULL);
    return !text || add_bytes(archive, name, text, length, status.st_mtime, err);
}

bool archive_add_whole_file(Archive *archive, const char *name, const char *path, Err **err)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    bool fits = false;
    if (fd < 0 && errno == ENOENT) {
        return true;
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        return err_errno(err, errno, "cannot open %s", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return err_internal(err, "%s is no regular file", path);
    }
    return add_open_file(archive, name, fd, &status, INT64_MAX, &fits, err) &&
           (fits || err_internal(err, "the name of %s does not fit into an archive", path));
}

bool archive_add_text(Archive *archive, const char *name, const char *text, Err **err)
{
    return add_bytes(archive, name, text, strlen(text), g_get_real_time() / USEC_PER_SEC, err);
}

bool archive_add_folder(Archive *archive, const char *name, const char *path, int64_t limit,
                        Err **err)
{
    return add_folder(archive, name, path, limit, 0, err);
}

/* Two empty blocks. */
bool archive_end(Archive *archive, Err **err)
{
    return put_zeroes(archive, 2 * TAR_BLOCK, err) &&
           (!archive->is_gzipped || put(archive, "", 0, Z_FINISH, err));
}

void archive_free(Archive *archive)
{
    if (archive) {
        if (archive->is_gzipped) {
            deflateEnd(&archive->zip);
        }
        g_free(archive->buffer);
        g_free(archive->packed);
        g_free(archive);
    }
}

static bool add_open_file(Archive *archive, const char *name, int fd, const struct stat *status,
                          int64_t limit, bool *ret_fits, Err **err)
{
    int64_t size = MIN(status->st_size, limit);
    if (!put_header(archive, name, size, status->st_mtime, status->st_mode, ret_fits, err)) {
        return false;
    }
    int64_t left = *ret_fits ? size : 0;
    off_t at = status->st_size - size;
    while (left > 0) {
        ssize_t count = pread(fd, archive->buffer, (size_t)MIN(left, FRONT_PIECE), at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        if (!put(archive, archive->buffer, (size_t)count, Z_NO_FLUSH, err)) {
            return false;
        }
        at += count;
        left -= count;
    }
    int64_t padding = *ret_fits ? tar_padding(size) : 0;
    return put_zeroes(archive, left + padding, err);
}

static bool add_bytes(Archive *archive, const char *name, const char *data, size_t length,
                      int64_t modified, Err **err)
{
    bool fits = false;
    return put_header(archive, name, (int64_t)length, modified, TEXT_MODE, &fits, err) &&
           (!fits || (put(archive, data, length, Z_NO_FLUSH, err) &&
                      put_zeroes(archive, tar_padding((int64_t)length), err)));
}

static bool add_folder(Archive *archive, const char *name, const char *path, int64_t limit,
                       unsigned depth, Err **err)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *inner_name = g_strdup_printf("%s/%s", name, entry);
        g_autofree char *inner_path = g_build_filename(path, entry, NULL);
        bool is_folder = g_file_test(inner_path, G_FILE_TEST_IS_DIR) &&
                         !g_file_test(inner_path, G_FILE_TEST_IS_SYMLINK);
        bool ok = true;
        if (!is_folder) {
            ok = archive_add_file(archive, inner_name, inner_path, limit, err);
        } else if (depth < MAX_DEPTH) {
            ok = add_folder(archive, inner_name, inner_path, limit, depth + 1, err);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* A file whose name does not fit is left out. */
static bool put_header(Archive *archive, const char *name, int64_t size, int64_t modified,
                       unsigned mode, bool *ret_fits, Err **err)
{
    TarEntry entry = {.size = size, .modified = modified, .mode = mode, .is_file = true};
    char header[TAR_BLOCK];
    *ret_fits = g_strlcpy(entry.name, name, sizeof entry.name) < sizeof entry.name &&
                tar_write_header(&entry, header);
    return !*ret_fits || put(archive, header, sizeof header, Z_NO_FLUSH, err);
}

static bool put_zeroes(Archive *archive, int64_t count, Err **err)
{
    static const char zeroes[FRONT_PIECE];
    while (count > 0) {
        size_t piece = (size_t)MIN(count, (int64_t)sizeof zeroes);
        if (!put(archive, zeroes, piece, Z_NO_FLUSH, err)) {
            return false;
        }
        count -= (int64_t)piece;
    }
    return true;
}

static bool put(Archive *archive, const void *data, size_t length, int flush, Err **err)
{
    if (!op_check(archive->request->op, err)) {
        return false;
    }
    if (!archive->is_gzipped) {
        return front_request_write(archive->request, data, length, err);
    }
    archive->zip.next_in = (Bytef *)data;
    archive->zip.avail_in = (uInt)length;
    do {
        archive->zip.next_out = (Bytef *)archive->packed;
        archive->zip.avail_out = FRONT_PIECE;
        deflate(&archive->zip, flush);
        size_t made = FRONT_PIECE - archive->zip.avail_out;
        if (made > 0 && !front_request_write(archive->request, archive->packed, made, err)) {
            return false;
        }
    } while (archive->zip.avail_out == 0);
    return true;
}
