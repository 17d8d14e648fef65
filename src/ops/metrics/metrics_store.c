/* Files appear by rename, after their content is on disk. */
#include "ops/metrics/metrics_store.h"

#include "base/fd.h"
#include "base/log.h"
#include "gen/types.h"
#include "rrd/rrd_parse.h"
#include "rrd/rrd_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <zlib.h>

/* Fast, and most of an archive is the same few letters anyway. */
#define GZIP_MODE "wb1"

static const char SUFFIX[] = ".gz";
static const char UNFINISHED[] = ".gz.new";
enum { READ_PIECE = 64 * 1024 };

struct MetricsStore {
    char *dir;
    GArray *written; /* Uuid: put and not yet committed */
};

static char *path_of(const MetricsStore *store, Uuid uuid, const char *suffix);
static bool write_file(const char *path, const Rrd *rrd, Err **err);
static bool write_piece(void *user, const char *data, size_t length, Err **err);
static Rrd *read_file(gzFile file, Err **err);
static void close_file(gzFile *file);

MetricsStore *metrics_store_new(const char *state_dir)
{
    MetricsStore *store = g_new0(MetricsStore, 1);
    store->dir = g_build_filename(state_dir, "rrds", NULL);
    store->written = g_array_new(FALSE, FALSE, sizeof(Uuid));
    return store;
}

void metrics_store_free(MetricsStore *store)
{
    g_array_unref(store->written);
    g_free(store->dir);
    g_free(store);
}

void metrics_store_put(MetricsStore *store, Uuid uuid, const Rrd *rrd)
{
    g_autofree char *path = path_of(store, uuid, UNFINISHED);
    g_autoptr(Err) error = NULL;
    if (fd_make_dirs(store->dir, 0755, &error) && write_file(path, rrd, &error)) {
        g_array_append_val(store->written, uuid);
        return;
    }
    g_autofree char *text = err_to_string(error);
    log_warn("performance data of %s is not saved: %s", UUID_TEXT(uuid), text);
    (void)unlink(path);
}

void metrics_store_commit(MetricsStore *store)
{
    auto_fd dir = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->written->len > 0 && (dir < 0 || syncfs(dir) < 0)) {
        log_warn("performance data in %s may not survive a power cut: %s", store->dir,
                 g_strerror(errno));
    }
    for (guint i = 0; i < store->written->len; i++) {
        Uuid uuid = g_array_index(store->written, Uuid, i);
        g_autofree char *from = path_of(store, uuid, UNFINISHED);
        g_autofree char *to = path_of(store, uuid, SUFFIX);
        if (rename(from, to) < 0) {
            log_warn("cannot put %s in its place: %s", to, g_strerror(errno));
        }
    }
    g_array_set_size(store->written, 0);
    if (dir >= 0) {
        (void)fsync(dir);
    }
}

Rrd *metrics_store_load(MetricsStore *store, Uuid uuid)
{
    g_autofree char *path = path_of(store, uuid, SUFFIX);
    __attribute__((cleanup(close_file))) gzFile file = gzopen(path, "rbe");
    g_autoptr(Err) error = NULL;
    if (!file) {
        return NULL;
    }
    Rrd *rrd = read_file(file, &error);
    if (!rrd) {
        g_autofree char *text = err_to_string(error);
        log_warn("%s is damaged and begins anew: %s", path, text);
    }
    return rrd;
}

void metrics_store_remove(MetricsStore *store, Uuid uuid)
{
    g_autofree char *path = path_of(store, uuid, SUFFIX);
    (void)unlink(path);
}

void metrics_store_sweep(MetricsStore *store, bool (*is_wanted)(void *user, Uuid uuid), void *user)
{
    g_autoptr(GDir) files = g_dir_open(store->dir, 0, NULL);
    const char *name;
    while (files && (name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(store->dir, name, NULL);
        g_autofree char *stem = g_strndup(name, strcspn(name, "."));
        Uuid uuid;
        if (g_str_has_suffix(name, UNFINISHED) ||
            (g_str_has_suffix(name, SUFFIX) && uuid_parse(stem, &uuid) && !is_wanted(user, uuid))) {
            (void)unlink(path);
        }
    }
}

static char *path_of(const MetricsStore *store, Uuid uuid, const char *suffix)
{
    char name[UUID_TEXT_SIZE];
    return g_strdup_printf("%s/%s%s", store->dir, uuid_format(uuid, name), suffix);
}

static bool write_file(const char *path, const Rrd *rrd, Err **err)
{
    auto_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    gzFile file = fd < 0 ? NULL : gzdopen(fd, GZIP_MODE);
    if (!file) {
        return err_errno(err, errno, "cannot create %s", path);
    }
    (void)fd_steal(&fd); /* gzclose() closes it */
    bool ok = rrd_text_write(rrd, RRD_XML, write_piece, file, err);
    if (gzclose(file) != Z_OK && ok) {
        return err_internal(err, "cannot write %s to its end", path);
    }
    return ok;
}

static bool write_piece(void *user, const char *data, size_t length, Err **err)
{
    return gzwrite(user, data, (unsigned)length) == (int)length ||
           err_errno(err, errno, "cannot write");
}

static Rrd *read_file(gzFile file, Err **err)
{
    g_autoptr(RrdParser) parser = rrd_parser_new();
    g_autofree char *piece = g_malloc(READ_PIECE);
    int length;
    while ((length = gzread(file, piece, READ_PIECE)) > 0) {
        if (!rrd_parser_feed(parser, piece, (size_t)length, err)) {
            return NULL;
        }
    }
    if (length < 0) {
        err_internal(err, "it cannot be unpacked");
        return NULL;
    }
    return rrd_parser_finish(parser, err);
}

static void close_file(gzFile *file)
{
    if (*file) {
        gzclose(*file);
    }
}
