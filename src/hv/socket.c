/* Listening sockets that QEMU inherits, and connections to them. */
#include "hv/socket.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET_BACKLOG 8

static int hv_socket_open(const char *dir, const char *name, int *ret_dir_fd,
                          struct sockaddr_un *ret_address, Err **err);

int hv_socket_listen(const char *dir, const char *name, Err **err)
{
    auto_fd dir_fd = -1;
    struct sockaddr_un address;
    auto_fd fd = hv_socket_open(dir, name, &dir_fd, &address, err);
    if (fd < 0) {
        return -1;
    }
    unlinkat(dir_fd, name, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, SOCKET_BACKLOG) < 0) {
        err_errno(err, errno, "cannot listen on %s/%s", dir, name);
        return -1;
    }
    return fd_steal(&fd);
}

int hv_socket_connect(const char *dir, const char *name, Err **err)
{
    auto_fd dir_fd = -1;
    struct sockaddr_un address;
    auto_fd fd = hv_socket_open(dir, name, &dir_fd, &address, err);
    if (fd < 0) {
        return -1;
    }
    /* A full backlog must not block the caller: without O_NONBLOCK connect() would wait. */
    if (!fd_set_nonblock(fd, true, err)) {
        return -1;
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        err_errno(err, errno, "cannot connect to %s/%s", dir, name);
        return -1;
    }
    return fd_set_nonblock(fd, false, err) ? fd_steal(&fd) : -1;
}

static int hv_socket_open(const char *dir, const char *name, int *ret_dir_fd,
                          struct sockaddr_un *ret_address, Err **err)
{
    auto_fd dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        err_errno(err, errno, "cannot open the folder %s", dir);
        return -1;
    }
    auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        err_errno(err, errno, "cannot create a socket");
        return -1;
    }
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    g_snprintf(ret_address->sun_path, sizeof ret_address->sun_path, "/proc/self/fd/%d/%s", dir_fd,
               name);
    *ret_dir_fd = fd_steal(&dir_fd);
    return fd_steal(&fd);
}
