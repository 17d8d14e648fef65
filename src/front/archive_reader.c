/* Three layers, each pulling from the one below: bytes of the body, bytes out of zlib, blocks. */
#include "front/archive_reader.h"

#include <zlib.h>

enum {
    GZIP_OR_PLAIN = 15 + 32, /* zlib's way to ask for gzip with its header */
    GZIP_FIRST = 0x1f,
    GZIP_SECOND = 0x8b,
};

struct ArchiveReader {
    FrontRequest *request;
    z_stream zip;
    bool is_begun; /* what comes has been looked at */
    bool is_gzipped;
    bool is_finished;    /* zlib has seen the end and the checksum */
    int64_t left;        /* bytes of the entry that have not been read */
    int64_t padding;     /* bytes between it and the next one */
    size_t from, filled; /* what of `packed` has not been used */
    unsigned char packed[FRONT_PIECE];
};

static bool begin(ArchiveReader *reader, Err **err);
static bool fill(ArchiveReader *reader, Err **err);
static ssize_t read_some(ArchiveReader *reader, void *buffer, size_t size, Err **err);
static ssize_t read_plain(ArchiveReader *reader, void *buffer, size_t size, Err **err);
static ssize_t inflate_some(ArchiveReader *reader, void *buffer, size_t size, Err **err);
static bool read_all(ArchiveReader *reader, void *buffer, size_t size, Err **err);
static bool skip(ArchiveReader *reader, int64_t count, Err **err);
static bool drain(ArchiveReader *reader, Err **err);

ArchiveReader *archive_reader_new(FrontRequest *request)
{
    ArchiveReader *reader = g_new0(ArchiveReader, 1);
    reader->request = request;
    return reader;
}

bool archive_reader_next(ArchiveReader *reader, TarEntry *ret_entry, bool *ret_is_end, Err **err)
{
    char block[TAR_BLOCK];
    if (!begin(reader, err) || !skip(reader, reader->left + reader->padding, err) ||
        !read_all(reader, block, sizeof block, err)) {
        return false;
    }
    reader->left = reader->padding = 0;
    TarBlock kind = tar_read_header(block, ret_entry);
    if (kind == TAR_BAD) {
        return err_internal(err, "the upload is no tar archive, or damaged");
    }
    if (kind == TAR_ENTRY) {
        reader->left = ret_entry->size;
        reader->padding = tar_padding(ret_entry->size);
    }
    *ret_is_end = kind == TAR_END;
    return kind == TAR_ENTRY || drain(reader, err);
}

ssize_t archive_reader_read(ArchiveReader *reader, void *buffer, size_t size, Err **err)
{
    size_t wanted = (size_t)MIN((int64_t)size, reader->left);
    if (wanted == 0) {
        return 0;
    }
    ssize_t count = read_some(reader, buffer, wanted, err);
    if (count == 0) {
        err_internal(err, "the archive ends within a file");
        return -1;
    }
    reader->left -= MAX(count, 0);
    return count;
}

void archive_reader_free(ArchiveReader *reader)
{
    if (reader) {
        if (reader->is_gzipped) {
            inflateEnd(&reader->zip);
        }
        g_free(reader);
    }
}

static bool begin(ArchiveReader *reader, Err **err)
{
    if (reader->is_begun) {
        return true;
    }
    while (reader->filled < 2) {
        size_t before = reader->filled;
        if (!fill(reader, err)) {
            return false;
        }
        if (reader->filled == before) {
            return err_internal(err, "the upload is empty");
        }
    }
    reader->is_begun = true;
    reader->is_gzipped = reader->packed[0] == GZIP_FIRST && reader->packed[1] == GZIP_SECOND;
    if (reader->is_gzipped) {
        int result = inflateInit2(&reader->zip, GZIP_OR_PLAIN);
        g_assert(result == Z_OK);
    }
    return true;
}

/* Adds what the client sends next behind what is there; nothing at the end of the body. */
static bool fill(ArchiveReader *reader, Err **err)
{
    if (reader->from == reader->filled) {
        reader->from = reader->filled = 0;
    }
    ssize_t count = front_request_read(reader->request, reader->packed + reader->filled,
                                       sizeof reader->packed - reader->filled, err);
    reader->filled += MAX(count, 0);
    return count >= 0;
}

/* A count, 0 at the end of the archive, -1 with `err`. */
static ssize_t read_some(ArchiveReader *reader, void *buffer, size_t size, Err **err)
{
    return reader->is_gzipped ? inflate_some(reader, buffer, size, err)
                              : read_plain(reader, buffer, size, err);
}

static ssize_t read_plain(ArchiveReader *reader, void *buffer, size_t size, Err **err)
{
    if (reader->from == reader->filled && !fill(reader, err)) {
        return -1;
    }
    size_t count = MIN(size, reader->filled - reader->from);
    memcpy(buffer, reader->packed + reader->from, count);
    reader->from += count;
    return (ssize_t)count;
}

static ssize_t inflate_some(ArchiveReader *reader, void *buffer, size_t size, Err **err)
{
    reader->zip.next_out = buffer;
    reader->zip.avail_out = (uInt)size;
    while (!reader->is_finished && reader->zip.avail_out == size) {
        if (reader->from == reader->filled) {
            if (!fill(reader, err)) {
                return -1;
            }
            if (reader->filled == 0) {
                err_internal(err, "the archive ends too early");
                return -1;
            }
        }
        reader->zip.next_in = reader->packed + reader->from;
        reader->zip.avail_in = (uInt)(reader->filled - reader->from);
        int result = inflate(&reader->zip, Z_NO_FLUSH);
        reader->from = reader->filled - reader->zip.avail_in;
        reader->is_finished = result == Z_STREAM_END;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            err_internal(err, "the archive is damaged: %s",
                         reader->zip.msg ? reader->zip.msg : "zlib cannot read it");
            return -1;
        }
    }
    return (ssize_t)(size - reader->zip.avail_out);
}

static bool read_all(ArchiveReader *reader, void *buffer, size_t size, Err **err)
{
    char *at = buffer;
    while (size > 0) {
        ssize_t count = read_some(reader, at, size, err);
        if (count < 0) {
            return false;
        }
        if (count == 0) {
            return err_internal(err, "the archive ends too early");
        }
        at += count;
        size -= (size_t)count;
    }
    return true;
}

static bool skip(ArchiveReader *reader, int64_t count, Err **err)
{
    char buffer[4096];
    while (count > 0) {
        size_t piece = (size_t)MIN(count, (int64_t)sizeof buffer);
        if (!read_all(reader, buffer, piece, err)) {
            return false;
        }
        count -= (int64_t)piece;
    }
    return true;
}

/* What follows the end is padding, and with gzip the checksum of it all. */
static bool drain(ArchiveReader *reader, Err **err)
{
    char buffer[4096];
    ssize_t count;
    while ((count = read_some(reader, buffer, sizeof buffer, err)) > 0) {
    }
    return count == 0;
}
