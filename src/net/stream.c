/* Streams: put-back bytes, the blocking calls, and the plain layer over a socket or terminal.
 * Not here: TLS (tls.c) and making connections (stream_connect.c). */
#include "net/stream.h"

#include "base/fd.h"
#include "net/stream_layer.h"

#include <errno.h>
#include <sys/socket.h>

static bool wait_for_events(Stream *stream, Op *op, const char *doing, Err **err);
static bool fail(Stream *stream, const char *doing, Err **err);
static size_t take_unread(Stream *stream, void *buffer, size_t size);
static ssize_t plain_try_read(Stream *stream, void *buffer, size_t size);
static ssize_t plain_try_write(Stream *stream, const void *data, size_t length);
static ssize_t plain_result(Stream *stream, ssize_t count, short wanted);
static void plain_end_write(Stream *stream);
static bool plain_has_pending_input(const Stream *stream);
static void plain_free(Stream *stream);

static const StreamLayer plain_layer = {
    .try_read = plain_try_read,
    .try_write = plain_try_write,
    .end_write = plain_end_write,
    .has_pending_input = plain_has_pending_input,
    .free = plain_free,
};

Stream *stream_new_fd(int fd)
{
    Stream *stream = g_new0(Stream, 1);
    stream->layer = &plain_layer;
    stream->fd = fd;
    int type = 0;
    socklen_t size = sizeof type;
    stream->is_socket = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
    /* Fails only for a descriptor that is not open, which the first read reports. */
    (void)fd_set_nonblock(fd, true, NULL);
    return stream;
}

void stream_free(Stream *stream)
{
    if (!stream) {
        return;
    }
    stream->layer->free(stream);
    fd_close(&stream->fd);
    g_clear_pointer(&stream->unread, g_byte_array_unref);
    g_free(stream->problem);
    g_free(stream);
}

ssize_t stream_read(Stream *stream, Op *op, void *buffer, size_t size, Err **err)
{
    for (;;) {
        ssize_t count = stream_try_read(stream, buffer, size);
        if (count >= 0) {
            return count;
        }
        if (count == STREAM_FAILED) {
            fail(stream, "receive", err);
            return -1;
        }
        if (!wait_for_events(stream, op, "receive", err)) {
            return -1;
        }
    }
}

bool stream_read_exact(Stream *stream, Op *op, void *buffer, size_t size, Err **err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = stream_read(stream, op, (char *)buffer + done, size - done, err);
        if (count < 0) {
            return false;
        }
        if (count == 0) {
            return err_internal(err, "the peer ended the stream after %zu of %zu bytes", done,
                                size);
        }
        done += (size_t)count;
    }
    return true;
}

bool stream_write_all(Stream *stream, Op *op, const void *data, size_t length, Err **err)
{
    size_t done = 0;
    while (done < length) {
        ssize_t count = stream_try_write(stream, (const char *)data + done, length - done);
        if (count == STREAM_FAILED) {
            return fail(stream, "send", err);
        }
        if (count == STREAM_AGAIN) {
            if (!wait_for_events(stream, op, "send", err)) {
                return false;
            }
        } else {
            done += (size_t)count;
        }
    }
    return true;
}

void stream_shutdown_write(Stream *stream)
{
    stream->layer->end_write(stream);
    if (stream->is_socket) {
        (void)shutdown(stream->fd, SHUT_WR);
    }
}

ssize_t stream_try_read(Stream *stream, void *buffer, size_t size)
{
    size_t count = take_unread(stream, buffer, size);
    return count > 0 ? (ssize_t)count : stream->layer->try_read(stream, buffer, size);
}

ssize_t stream_try_write(Stream *stream, const void *data, size_t length)
{
    return stream->layer->try_write(stream, data, length);
}

short stream_wanted_events(const Stream *stream)
{
    return stream->wanted;
}

bool stream_has_pending_input(const Stream *stream)
{
    return stream->unread || stream->layer->has_pending_input(stream);
}

void stream_unread(Stream *stream, const void *data, size_t length)
{
    if (length == 0) {
        return;
    }
    if (!stream->unread) {
        stream->unread = g_byte_array_sized_new((guint)length);
    }
    g_byte_array_prepend(stream->unread, data, (guint)length);
}

int stream_fd(const Stream *stream)
{
    return stream->fd;
}

bool stream_is_tls(const Stream *stream)
{
    return stream->layer != &plain_layer;
}

void stream_set_problem(Stream *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_free(stream->problem);
    stream->problem = g_strdup_vprintf(format, args);
    va_end(args);
}

static bool wait_for_events(Stream *stream, Op *op, const char *doing, Err **err)
{
    struct pollfd poll_fd = {.fd = stream->fd, .events = stream->wanted};
    g_autoptr(Err) cause = NULL;
    if (op_poll(op, &poll_fd, 1, &cause)) {
        return true;
    }
    if (op_is_cancelled(op)) {
        return err_propagate(err, g_steal_pointer(&cause));
    }
    g_autofree char *text = err_to_string(cause);
    return err_internal(err, "cannot %s on a connection: %s", doing, text);
}

static bool fail(Stream *stream, const char *doing, Err **err)
{
    return err_internal(err, "cannot %s on a connection: %s", doing, stream->problem);
}

static size_t take_unread(Stream *stream, void *buffer, size_t size)
{
    if (!stream->unread) {
        return 0;
    }
    size_t count = MIN(size, stream->unread->len);
    memcpy(buffer, stream->unread->data, count);
    g_byte_array_remove_range(stream->unread, 0, (guint)count);
    if (stream->unread->len == 0) {
        g_clear_pointer(&stream->unread, g_byte_array_unref);
    }
    return count;
}

static ssize_t plain_try_read(Stream *stream, void *buffer, size_t size)
{
    ssize_t count;
    do {
        count = read(stream->fd, buffer, size);
    } while (count < 0 && errno == EINTR);
    return plain_result(stream, count, POLLIN);
}

static ssize_t plain_try_write(Stream *stream, const void *data, size_t length)
{
    ssize_t count;
    do {
        count = stream->is_socket ? send(stream->fd, data, length, MSG_NOSIGNAL)
                                  : write(stream->fd, data, length);
    } while (count < 0 && errno == EINTR);
    return plain_result(stream, count, POLLOUT);
}

static ssize_t plain_result(Stream *stream, ssize_t count, short wanted)
{
    if (count >= 0) {
        return count;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        stream->wanted = wanted;
        return STREAM_AGAIN;
    }
    if (errno == EIO && !stream->is_socket && wanted == POLLIN) {
        return 0; /* how a terminal says that its other side has closed */
    }
    stream_set_problem(stream, "%s", g_strerror(errno));
    return STREAM_FAILED;
}

static void plain_end_write(Stream *stream)
{
    (void)stream;
}

static bool plain_has_pending_input(const Stream *stream)
{
    (void)stream;
    return false;
}

static void plain_free(Stream *stream)
{
    (void)stream;
}
