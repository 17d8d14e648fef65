/* The helper, its socket and the layout of a saved state.  The protocol to the helper is nbd.c,
 * what the engine is told meanwhile is its save.c. */
#include "hv/statefile.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "hv/nbd.h"
#include "hv/socket.h"
#include "hv/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>

#define HELPER        "qemu-nbd"
#define PID_SUFFIX    ".state.pid"
#define SOCKET_SUFFIX ".state.sock"
#define PID_LIMIT     ((size_t)32)
#define CLOSE_LIMIT   (60 * USEC_PER_SEC) /* for the helper to close the image */
#define HEADER_SIZE   4096
#define HEADER_MAGIC  "clearwater state\n"

/* The first bytes of the image; big-endian. The length is 0 while the stream is written. */
typedef struct StateHeader {
    char magic[24];
    uint64_t length; /* of the stream, which begins at HEADER_SIZE */
} StateHeader;

struct HvStateFile {
    char *dir;
    char *socket_name, *pid_path;
    Nbd *nbd;
    int pid_fd;
    uint64_t length; /* of the stream, once it is checked */
    char *buffer;    /* NBD_MAX_REQUEST */
};

static bool hv_statefile_start(HvStateFile *file, Op *op, const HvImage *image, bool writable,
                               Err **err);
static bool hv_statefile_run_helper(const HvStateFile *file, Op *op, const HvImage *image,
                                    bool writable, Err **err);
static int hv_statefile_find_helper(const char *pid_path);
static bool hv_statefile_read_chunk(HvStateFile *file, Op *op, int from, size_t *ret_length,
                                    Err **err);
static bool hv_statefile_write_header(HvStateFile *file, Op *op, uint64_t length, Err **err);

HvStateFile *hv_statefile_open(const char *dir, Op *op, const HvImage *image, bool writable,
                               const char *name, Err **err)
{
    g_autoptr(HvStateFile) file = g_new0(HvStateFile, 1);
    g_autofree char *pid_name = g_strconcat(name, PID_SUFFIX, NULL);
    file->dir = g_strdup(dir);
    file->socket_name = g_strconcat(name, SOCKET_SUFFIX, NULL);
    file->pid_path = g_build_filename(dir, pid_name, NULL);
    file->pid_fd = -1;
    file->buffer = g_malloc(NBD_MAX_REQUEST);
    return hv_statefile_start(file, op, image, writable, err) ? g_steal_pointer(&file) : NULL;
}

void hv_statefile_close(HvStateFile *file)
{
    if (!file) {
        return;
    }
    nbd_close(file->nbd);
    if (file->pid_fd >= 0) {
        g_autoptr(Op) op = op_new(CLOSE_LIMIT);
        struct pollfd poll = {.fd = file->pid_fd, .events = POLLIN};
        if (!file->nbd) {
            pidfd_send_signal(file->pid_fd, SIGTERM, NULL, 0);
        }
        if (!op_poll(op, &poll, 1, NULL)) {
            log_warn(HELPER " does not end and is killed; its pid is in %s", file->pid_path);
            pidfd_send_signal(file->pid_fd, SIGKILL, NULL, 0);
        }
    }
    fd_close(&file->pid_fd);
    (void)unlink(file->pid_path);
    g_autofree char *socket_path = g_build_filename(file->dir, file->socket_name, NULL);
    (void)unlink(socket_path);
    g_free(file->dir);
    g_free(file->socket_name);
    g_free(file->pid_path);
    g_free(file->buffer);
    g_free(file);
}

void hv_statefile_clean(const char *dir)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    const char *name;
    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_str_has_suffix(name, PID_SUFFIX)) {
            auto_fd helper = hv_statefile_find_helper(path);
            if (helper >= 0) {
                pidfd_send_signal(helper, SIGTERM, NULL, 0);
            }
            (void)unlink(path);
        } else if (g_str_has_suffix(name, SOCKET_SUFFIX)) {
            (void)unlink(path);
        }
    }
}

bool hv_statefile_fill(HvStateFile *file, Op *op, int from, Err **err)
{
    /* What an earlier state left must not be taken for this one. */
    if (!hv_statefile_write_header(file, op, 0, err)) {
        return false;
    }
    uint64_t done = 0;
    size_t length;
    do {
        if (!hv_statefile_read_chunk(file, op, from, &length, err)) {
            return false;
        }
        if (HEADER_SIZE + done + length > nbd_size(file->nbd)) {
            return err_internal(err,
                                "the saved state does not fit into %" G_GUINT64_FORMAT " bytes",
                                nbd_size(file->nbd));
        }
        if (length > 0 &&
            !nbd_write(file->nbd, op, HEADER_SIZE + done, file->buffer, length, err)) {
            return false;
        }
        done += length;
    } while (length > 0);
    file->length = done;
    return hv_statefile_write_header(file, op, done, err) && nbd_flush(file->nbd, op, err);
}

bool hv_statefile_check(HvStateFile *file, Op *op, Err **err)
{
    StateHeader header;
    if (nbd_size(file->nbd) < HEADER_SIZE) {
        return err_internal(err, "the image is too small for a saved state");
    }
    if (!nbd_read(file->nbd, op, 0, &header, sizeof header, err)) {
        return false;
    }
    uint64_t length = GUINT64_FROM_BE(header.length);
    if (strncmp(header.magic, HEADER_MAGIC, sizeof header.magic) != 0 || length == 0 ||
        length > nbd_size(file->nbd) - HEADER_SIZE) {
        return err_internal(err, "the image holds no complete saved state");
    }
    file->length = length;
    return true;
}

bool hv_statefile_drain(HvStateFile *file, Op *op, int to, Err **err)
{
    for (uint64_t done = 0; done < file->length;) {
        size_t length = (size_t)MIN(file->length - done, NBD_MAX_REQUEST);
        if (!nbd_read(file->nbd, op, HEADER_SIZE + done, file->buffer, length, err) ||
            !hv_stream_write(op, to, file->buffer, length, err)) {
            return false;
        }
        done += length;
    }
    return true;
}

static bool hv_statefile_start(HvStateFile *file, Op *op, const HvImage *image, bool writable,
                               Err **err)
{
    if (!hv_statefile_run_helper(file, op, image, writable, err)) {
        return false;
    }
    file->pid_fd = hv_statefile_find_helper(file->pid_path);
    if (file->pid_fd < 0) {
        return err_internal(err, HELPER " ended at once on %s", image->path);
    }
    int fd = hv_socket_connect(file->dir, file->socket_name, err);
    file->nbd = fd >= 0 ? nbd_open(op, fd, err) : NULL;
    return file->nbd != NULL;
}

/* The helper returns to us when its socket listens, and goes on in the background. */
static bool hv_statefile_run_helper(const HvStateFile *file, Op *op, const HvImage *image,
                                    bool writable, Err **err)
{
    auto_fd dir = open(file->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return err_errno(err, errno, "cannot open the folder %s", file->dir);
    }
    /* By way of our descriptor, as a socket's path is short. */
    g_autofree char *socket_option =
        g_strdup_printf("--socket=/proc/%d/fd/%d/%s", getpid(), dir, file->socket_name);
    g_autofree char *pid_option = g_strconcat("--pid-file=", file->pid_path, NULL);
    g_autofree char *format_option = g_strconcat("--format=", image->format, NULL);
    const char *const argv[] = {HELPER,
                                "--fork",
                                socket_option,
                                pid_option,
                                format_option,
                                "--cache=writeback",
                                "--discard=unmap",
                                writable ? "--" : "--read-only",
                                image->path,
                                NULL};
    return op_run_ok(op, argv, NULL, err);
}

/* A pidfd of the helper that wrote the file, or -1. */
static int hv_statefile_find_helper(const char *pid_path)
{
    g_autofree char *text = fd_read_file(pid_path, PID_LIMIT, NULL, NULL);
    uint64_t pid;
    if (!text || !text_parse_uint(g_strstrip(text), INT32_MAX, &pid)) {
        return -1;
    }
    auto_fd fd = pidfd_open((pid_t)pid, 0);
    g_autofree char *name_path = g_strdup_printf("/proc/%d/comm", (int)pid);
    g_autofree char *name = fd_read_file(name_path, PID_LIMIT, NULL, NULL);
    return name && g_str_equal(g_strstrip(name), HELPER) ? fd_steal(&fd) : -1;
}

/* Fills the buffer as far as the stream goes, so that requests are large. */
static bool hv_statefile_read_chunk(HvStateFile *file, Op *op, int from, size_t *ret_length,
                                    Err **err)
{
    size_t used = 0;
    size_t got;
    do {
        if (!hv_stream_read_some(op, from, file->buffer + used, NBD_MAX_REQUEST - used, &got,
                                 err)) {
            return false;
        }
        used += got;
    } while (got > 0 && used < NBD_MAX_REQUEST);
    *ret_length = used;
    return true;
}

static bool hv_statefile_write_header(HvStateFile *file, Op *op, uint64_t length, Err **err)
{
    char block[HEADER_SIZE] = {0};
    StateHeader header = {.magic = HEADER_MAGIC, .length = GUINT64_TO_BE(length)};
    memcpy(block, &header, sizeof header);
    return nbd_write(file->nbd, op, 0, block, sizeof block, err);
}
