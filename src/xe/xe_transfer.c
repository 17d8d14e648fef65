/* Uploads and downloads the server asks for.  The server may only have files that the user named
 * as the value of some key=value argument, and may only write there or beside the user. */
#include "xe/xe_transfer.h"

#include "base/fd.h"
#include "base/text.h"
#include "net/client.h"
#include "net/thincli.h"
#include "xe/xe_connect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define HEARTBEAT_INTERVAL (300 * USEC_PER_SEC)
enum { BLOCK_SIZE = 64 * 1024, MAX_REDIRECTS = 5 };

/* Tells the server every few minutes that a transfer still goes on. */
typedef struct Heartbeat {
    XeSession *session;
    Usec last;
} Heartbeat;

static bool assert_named(XeSession *session, const char *file, bool here_allowed, Err **err);
static bool is_named(XeSession *session, const char *path);
static Stream *open_request(XeSession *session, const char *method, const char *url,
                            const char *const *headers, HttpHead *ret_head, Err **err);
static bool send_file(XeSession *session, int fd, const char *url, Err **err);
static bool receive_file(XeSession *session, int fd, const char *url, Err **err);
static int open_destination(XeSession *session, const char *file, Err **err);
static bool beat(Heartbeat *heartbeat, Err **err);
static bool finish(XeSession *session, Err *failure, bool *ret_failed, Err **err);

char *xe_transfer_canonical_path(const char *path)
{
    return g_canonicalize_filename(path, NULL);
}

bool xe_transfer_load(XeSession *session, const char *file, Err **err)
{
    if (!assert_named(session, file, false, err)) {
        return false;
    }
    auto_fd fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > INT32_MAX) {
        return xe_session_respond(session, false, err);
    }
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_plain(out, THINCLI_RESPONSE, THINCLI_OK);
    thincli_append_number(out, THINCLI_BLOB, THINCLI_CHUNK, (int32_t)info.st_size);
    if (!xe_session_send(session, out, err)) {
        return false;
    }
    g_autofree char *block = g_malloc(BLOCK_SIZE);
    for (off_t left = info.st_size; left > 0;) {
        ssize_t count = read(fd, block, (size_t)MIN(left, (off_t)BLOCK_SIZE));
        if (count <= 0 ||
            !stream_write_all(session->stream, session->op, block, (size_t)count, NULL)) {
            g_autofree char *text = g_strdup_printf("cannot send the file %s", file);
            return err_set(err, "XE_LOCAL", text);
        }
        left -= count;
    }
    g_byte_array_set_size(out, 0);
    thincli_append_plain(out, THINCLI_BLOB, THINCLI_END);
    return xe_session_send(session, out, err);
}

bool xe_transfer_put(XeSession *session, const char *file, const char *url, bool *ret_failed,
                     Err **err)
{
    if (!assert_named(session, file, false, err)) {
        return false;
    }
    Err *failure = NULL;
    auto_fd fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        g_autofree char *text = errno == ENOENT
                                    ? g_strdup_printf("there is no file '%s'", file)
                                    : g_strdup_printf("file '%s': %s", file, g_strerror(errno));
        err_set(&failure, "XE_LOCAL", text);
    } else {
        send_file(session, fd, url, &failure);
    }
    return finish(session, failure, ret_failed, err);
}

bool xe_transfer_get(XeSession *session, const char *file, const char *url, bool *ret_failed,
                     Err **err)
{
    if (*file && !assert_named(session, file, true, err)) {
        return false;
    }
    Err *failure = NULL;
    auto_fd fd = open_destination(session, file, &failure);
    if (fd >= 0) {
        receive_file(session, fd, url, &failure);
    }
    return finish(session, failure, ret_failed, err);
}

/* `here_allowed`: the user's folder itself counts as named. */
static bool assert_named(XeSession *session, const char *file, bool here_allowed, Err **err)
{
    g_autofree char *wanted = xe_transfer_canonical_path(file);
    if (is_named(session, wanted)) {
        return true;
    }
    g_autofree char *folder = g_path_get_dirname(wanted);
    g_autofree char *here = xe_transfer_canonical_path(".");
    if (here_allowed && text_equal(folder, here)) {
        return true;
    }
    g_autofree char *text = g_strdup_printf(
        "the server asked for the file %s, which was not named on the command line", file);
    return err_set(err, "XE_FORBIDDEN", text);
}

static bool is_named(XeSession *session, const char *path)
{
    for (unsigned i = 0; i < session->named_files->len; i++) {
        if (text_equal(g_ptr_array_index(session->named_files, i), path)) {
            return true;
        }
    }
    return false;
}

/* Follows redirects to the answer that is 200; the stream is positioned after its head. */
static Stream *open_request(XeSession *session, const char *method, const char *url,
                            const char *const *headers, HttpHead *ret_head, Err **err)
{
    g_autofree char *location = g_strdup(url);
    for (unsigned i = 0; i < MAX_REDIRECTS; i++) {
        g_auto(XeTarget) target = xe_target_parse(session->options, location);
        Stream *stream = xe_connect(session->options, session->op, target.host, target.port, err);
        if (!stream) {
            return NULL;
        }
        g_auto(HttpHead) head = {0};
        g_autoptr(Stream) answer =
            http_client_open(http_client_new(stream, target.host), session->op, method, target.path,
                             0, headers, &head, err);
        if (!answer) {
            return NULL;
        }
        xe_session_debug(session, "%s answered %d\n", method, head.status);
        if (head.status == 200) {
            *ret_head = head;
            head = (HttpHead){0};
            return g_steal_pointer(&answer);
        }
        const char *moved = http_header(&head, "location");
        if (head.status != 302 || !moved) {
            err_internal(err, "%s was answered with status %d", method, head.status);
            return NULL;
        }
        g_free(location);
        location = g_strdup(moved);
    }
    err_internal(err, "more than %d redirects", MAX_REDIRECTS);
    return NULL;
}

/* Without a length, for a pipe say, the end of the connection ends the upload. */
static bool send_file(XeSession *session, int fd, const char *url, Err **err)
{
    struct stat info;
    g_autofree char *length = NULL;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        length = g_strdup_printf("%lld", (long long)info.st_size);
    }
    const char *headers[] = {length ? "Content-length" : NULL, length, NULL};
    g_auto(HttpHead) head = {0};
    g_autoptr(Stream) stream = open_request(session, "PUT", url, headers, &head, err);
    if (!stream) {
        return false;
    }
    Heartbeat heartbeat = {session, op_now()};
    g_autofree char *block = g_malloc(BLOCK_SIZE);
    for (;;) {
        ssize_t count = read(fd, block, BLOCK_SIZE);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return err_errno(err, errno, "read the file to upload");
        }
        if (count == 0) {
            stream_shutdown_write(stream);
            return true;
        }
        if (!stream_write_all(stream, session->op, block, (size_t)count, err) ||
            !beat(&heartbeat, err)) {
            return false;
        }
    }
}

static bool receive_file(XeSession *session, int fd, const char *url, Err **err)
{
    g_auto(HttpHead) head = {0};
    g_autoptr(Stream) stream = open_request(session, "GET", url, NULL, &head, err);
    if (!stream) {
        return false;
    }
    Heartbeat heartbeat = {session, op_now()};
    g_autofree char *block = g_malloc(BLOCK_SIZE);
    int64_t left = head.content_length;
    while (left != 0) {
        size_t wanted = left > 0 && left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE;
        ssize_t count = stream_read(stream, session->op, block, wanted, err);
        if (count < 0) {
            return false;
        }
        if (count == 0) {
            return left < 0 ||
                   err_internal(err, "the download ended %" G_GINT64_FORMAT " bytes early", left);
        }
        if (!fd_write_all(fd, block, (size_t)count, err) || !beat(&heartbeat, err)) {
            return false;
        }
        left -= left > 0 ? count : 0;
    }
    return true;
}

/* Never overwrites a file. */
static int open_destination(XeSession *session, const char *file, Err **err)
{
    if (*file == '\0') {
        return dup(session->output);
    }
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        g_autofree char *text = g_strdup_printf("file '%s': %s", file, g_strerror(errno));
        err_set(err, "XE_LOCAL", text);
    }
    return fd;
}

static bool beat(Heartbeat *heartbeat, Err **err)
{
    Usec now = op_now();
    if (now - heartbeat->last < HEARTBEAT_INTERVAL) {
        return true;
    }
    heartbeat->last = now;
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_plain(out, THINCLI_RESPONSE, THINCLI_WAIT);
    return xe_session_send(heartbeat->session, out, err);
}

/* Reports the end of a transfer (`failure` NULL: a good one; consumed).  Only a failure of this
 * machine ends the command; the reason of any other comes from the server. */
static bool finish(XeSession *session, Err *failure, bool *ret_failed, Err **err)
{
    g_autoptr(Err) reason = failure;
    if (!xe_session_respond(session, reason == NULL, err)) {
        return false;
    }
    if (err_is(reason, "XE_LOCAL")) {
        g_autofree char *text = g_strdup_printf("The transfer failed: %s.\n", reason->params[0]);
        *ret_failed = true;
        return fd_write_all(session->complaints, text, strlen(text), err);
    }
    if (reason) {
        g_autofree char *text = err_to_string(reason);
        xe_session_debug(session, "transfer failed: %s\n", text);
    }
    return true;
}
