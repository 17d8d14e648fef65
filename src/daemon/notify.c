/* libsystemd would be a library more for these few lines, and one with a past. */
#include "daemon/notify.h"

#include "base/fd.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

bool notify_service_manager(const char *state, Err **err)
{
    const char *name = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!name || !*name) {
        return true;
    }
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length >= sizeof(address.sun_path)) {
        return err_internal(err, "NOTIFY_SOCKET is %s: a path or an abstract name is expected",
                            name);
    }
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = '\0'; /* an abstract name, which ends where the address does */
    }
    auto_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return err_errno(err, errno, "cannot make a socket to tell the service manager %s", state);
    }
    socklen_t size = offsetof(struct sockaddr_un, sun_path) + length;
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0) {
        return err_errno(err, errno, "cannot tell the service manager at %s %s", name, state);
    }
    return true;
}
