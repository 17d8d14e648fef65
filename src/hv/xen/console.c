/* Consoles: a viewer of the framebuffer is a connection to the device model.  The text console of
 * an HVM guest is its serial line, that of others the terminal which xenconsoled keeps for them. */
#include "base/fd.h"
#include "hv/socket.h"
#include "hv/xen/config.h"
#include "hv/xen/domain.h"
#include "hv/xen/hooks.h"
#include "hv/xen/monitor.h"
#include "hv/xen/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>

#define PICTURE_FILE  "screen.ppm"
#define PICTURE_LIMIT ((size_t)64 * 1024 * 1024)

static int xen_console_open_text(XenDomain *domain, Err **err);
static int xen_console_open_terminal(XenDomain *domain, Err **err);
static bool xen_console_join(XenDomain *domain, int viewer, Err **err);
static void xen_console_on_end(void *user);

int xen_console_open(Hv *hv, Uuid uuid, HvConsole kind, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return -1;
    }
    HvKind machine;
    {
        LOCK_GUARD(&domain->lock);
        machine = domain->record->kind;
    }
    if (kind == HV_CONSOLE_VNC) {
        return hv_socket_connect(domain->dir, XEN_SOCKET_VNC, err);
    }
    return machine == HV_KIND_HVM ? hv_socket_connect(domain->dir, XEN_SOCKET_SERIAL, err)
                                  : xen_console_open_text(domain, err);
}

GBytes *xen_console_screenshot(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    Qmp *qmp = domain ? xen_monitor_get(domain, err) : NULL;
    if (!qmp) {
        return NULL;
    }
    g_autofree char *path = g_build_filename(domain->dir, PICTURE_FILE, NULL);
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "filename", value_new_string(path));
    value_struct_add_static(args, "format", value_new_string("ppm"));
    size_t length = 0;
    g_autofree char *data = qmp_call(qmp, op, "screendump", args, NULL, err)
                                ? fd_read_file(path, PICTURE_LIMIT, &length, err)
                                : NULL;
    (void)unlink(path);
    return data ? xen_picture_to_png(data, length, err) : NULL;
}

/* The first viewer has the terminal; others wait until it is free. */
static int xen_console_open_text(XenDomain *domain, Err **err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        err_errno(err, errno, "cannot create a socket for a console");
        return -1;
    }
    auto_fd theirs = pair[0];
    {
        LOCK_GUARD(&domain->lock);
        if (domain->console_in_use) {
            g_queue_push_tail(&domain->viewers, GINT_TO_POINTER(pair[1]));
            return fd_steal(&theirs);
        }
        domain->console_in_use = true;
    }
    if (!xen_console_join(domain, pair[1], err)) {
        LOCK_GUARD(&domain->lock);
        domain->console_in_use = false;
        return -1;
    }
    return fd_steal(&theirs);
}

/* xenconsoled may make a new terminal whenever nobody holds the old one. */
static int xen_console_open_terminal(XenDomain *domain, Err **err)
{
    uint32_t domid = xen_domain_domid(domain);
    char *path = NULL;
    int code = libxl_primary_console_get_tty(domain->hv->ctx, domid, &path);
    if (code != 0) {
        xen_message_fail(&domain->hv->messages, domid, code, "find the console of", domain->name,
                         err);
        return -1;
    }
    auto_fd fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios mode;
    if (fd < 0 || tcgetattr(fd, &mode) < 0) {
        err_errno(err, errno, "cannot open the console %s of domain %s", path, domain->name);
        free(path);
        return -1;
    }
    free(path);
    cfmakeraw(&mode);
    (void)tcsetattr(fd, TCSANOW, &mode);
    return fd_steal(&fd);
}

/* Takes `viewer` over, also when it fails. */
static bool xen_console_join(XenDomain *domain, int viewer, Err **err)
{
    auto_fd client = viewer;
    int terminal = xen_console_open_terminal(domain, err);
    if (terminal < 0) {
        return false;
    }
    relay_add(domain->hv->relay, stream_new_fd(fd_steal(&client)), RELAY_RAW,
              stream_new_fd(terminal), RELAY_HOLD, xen_console_on_end, xen_domain_ref(domain));
    return true;
}

/* A viewer that left meanwhile is found out at its first byte, and then it is the next one's turn.
 */
static void xen_console_on_end(void *user)
{
    g_autoptr(XenDomain) domain = user;
    for (;;) {
        int next;
        {
            LOCK_GUARD(&domain->lock);
            if (domain->gone || g_queue_is_empty(&domain->viewers)) {
                domain->console_in_use = false;
                return;
            }
            next = GPOINTER_TO_INT(g_queue_pop_head(&domain->viewers));
        }
        if (xen_console_join(domain, next, NULL)) {
            return;
        }
    }
}
