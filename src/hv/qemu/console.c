/* Consoles: viewers of the framebuffer and of the serial line, and pictures. */
#include "base/fd.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/qemu.h"
#include "hv/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define CONSOLE_LIMIT     (10 * USEC_PER_SEC)
#define SCREENSHOT_LIMIT  ((off_t)64 * 1024 * 1024) /* bytes of a picture */
#define VIEWER_DESCRIPTOR "viewer"

static int qemu_console_open_vnc(QemuDomain *domain, Err **err);
static bool qemu_console_dump(QemuDomain *domain, Op *op, int picture, int64_t fdset, Err **err);
static GBytes *qemu_console_read(int fd, Err **err);

int qemu_console_open(Hv *hv, Uuid uuid, HvConsole kind, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return -1;
    }
    return kind == HV_CONSOLE_VNC ? qemu_console_open_vnc(domain, err)
                                  : hv_socket_connect(domain->dir, QEMU_SOCKET_SERIAL, err);
}

GBytes *qemu_console_screenshot(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return NULL;
    }
    auto_fd picture = memfd_create("screenshot", MFD_CLOEXEC);
    if (picture < 0) {
        err_errno(err, errno, "cannot create a file in memory");
        return NULL;
    }
    int64_t fdset;
    {
        LOCK_GUARD(&domain->lock);
        fdset = domain->record->next_fdset++;
    }
    if (!qemu_console_dump(domain, op, picture, fdset, err)) {
        return NULL;
    }
    return qemu_console_read(picture, err);
}

/* QEMU's VNC server has no socket; each viewer is given to it as one end of a pair. The name it
 * has between the two commands is that of our own end's number, so no other viewer has it. */
static int qemu_console_open_vnc(QemuDomain *domain, Err **err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        err_errno(err, errno, "cannot create a socket for a viewer");
        return -1;
    }
    auto_fd ours = pair[0];
    auto_fd theirs = pair[1];
    g_autoptr(Op) op = op_new(CONSOLE_LIMIT);
    g_autofree char *name = g_strdup_printf(VIEWER_DESCRIPTOR "%d", ours);
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdname", value_new_string(name));
    if (!qmp_call_fd(domain->qmp, op, "getfd", args, theirs, NULL, err)) {
        return -1;
    }
    args = value_new_struct(3);
    value_struct_add_static(args, "protocol", value_new_string("vnc"));
    value_struct_add_static(args, "fdname", value_new_string(name));
    value_struct_add_static(args, "skipauth", value_new_bool(true));
    if (!qmp_call(domain->qmp, op, "add_client", args, NULL, err)) {
        return -1;
    }
    return fd_steal(&ours);
}

/* QEMU picks the descriptor of a set by its access mode and opens pictures for writing only. */
static bool qemu_console_dump(QemuDomain *domain, Op *op, int picture, int64_t fdset, Err **err)
{
    char path[32];
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", picture);
    auto_fd writer = open(path, O_WRONLY | O_CLOEXEC);
    if (writer < 0) {
        return err_errno(err, errno, "cannot open a file in memory");
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(fdset));
    if (!qmp_call_fd(domain->qmp, op, "add-fd", args, writer, NULL, err)) {
        return false;
    }
    g_snprintf(path, sizeof path, "/dev/fdset/%" G_GINT64_FORMAT, fdset);
    args = value_new_struct(2);
    value_struct_add_static(args, "filename", value_new_string(path));
    value_struct_add_static(args, "format", value_new_string("png"));
    bool done = qmp_call(domain->qmp, op, "screendump", args, NULL, err);
    args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(fdset));
    qmp_post(domain->qmp, "remove-fd", args);
    return done;
}

static GBytes *qemu_console_read(int fd, Err **err)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        err_errno(err, errno, "cannot examine a picture");
        return NULL;
    }
    if (status.st_size <= 0 || status.st_size > SCREENSHOT_LIMIT) {
        err_internal(err, "QEMU wrote a picture of %lld bytes", (long long)status.st_size);
        return NULL;
    }
    g_autofree char *data = g_malloc((gsize)status.st_size);
    if (pread(fd, data, (size_t)status.st_size, 0) != status.st_size) {
        err_internal(err, "cannot read a picture of %lld bytes", (long long)status.st_size);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), (gsize)status.st_size);
}
