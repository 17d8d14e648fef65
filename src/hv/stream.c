/* Reading and writing sockets of helpers and of migration streams. */
#include "hv/stream.h"

#include <errno.h>
#include <sys/socket.h>

static bool hv_stream_wait(Op *op, int fd, short events, Err **err);

bool hv_stream_write(Op *op, int fd, const void *data, size_t length, Err **err)
{
    const char *at = data;
    while (length > 0) {
        ssize_t sent = send(fd, at, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return err_errno(err, errno, "cannot send %zu bytes", length);
        }
        if (sent < 0 && !hv_stream_wait(op, fd, POLLOUT, err)) {
            return false;
        }
        at += MAX(sent, 0);
        length -= (size_t)MAX(sent, 0);
    }
    return true;
}

bool hv_stream_read(Op *op, int fd, void *data, size_t length, Err **err)
{
    char *at = data;
    while (length > 0) {
        size_t got;
        if (!hv_stream_read_some(op, fd, at, length, &got, err)) {
            return false;
        }
        if (got == 0) {
            return err_internal(err, "a connection ended %zu bytes too early", length);
        }
        at += got;
        length -= got;
    }
    return true;
}

bool hv_stream_read_some(Op *op, int fd, void *data, size_t size, size_t *ret_length, Err **err)
{
    for (;;) {
        ssize_t got = recv(fd, data, size, MSG_DONTWAIT);
        if (got >= 0) {
            *ret_length = (size_t)got;
            return true;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return err_errno(err, errno, "cannot receive");
        }
        if (!hv_stream_wait(op, fd, POLLIN, err)) {
            return false;
        }
    }
}

static bool hv_stream_wait(Op *op, int fd, short events, Err **err)
{
    struct pollfd poll = {.fd = fd, .events = events};
    return op_poll(op, &poll, 1, err);
}
