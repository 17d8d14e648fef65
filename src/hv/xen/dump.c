/* The memory of a guest as a core file, which libxenctrl writes.  Not through libxl: that would
 * keep every other use of it waiting meanwhile. */
#include "base/fd.h"
#include "hv/memfile.h"
#include "hv/xen/control.h"
#include "hv/xen/hooks.h"

#include <errno.h>

#define DUMP_HEADERS    ((uint64_t)1024 * 1024)
#define DUMP_WAKE_LIMIT (60 * USEC_PER_SEC)

typedef struct XenDump {
    Op *op;
    int fd;
    Err *err; /* why writing ended */
} XenDump;

static bool xen_dump_standing(XenDomain *domain, XenDump *dump, Err **err);
static bool xen_dump_write(XenDomain *domain, XenDump *dump, Err **err);
static int xen_dump_take(xc_interface *control, void *user, char *bytes, unsigned length);

uint64_t xen_dump_size(Hv *hv, Uuid uuid)
{
    g_autoptr(XenDomain) domain = xen_domain_find(hv, uuid);
    return hv_memfile_size(domain ? domain->record->memory_max_bytes : 0, DUMP_HEADERS);
}

bool xen_dump_domain(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    auto_fd fd = hv_memfile_open_dump(image, err);
    if (fd < 0) {
        return false;
    }
    XenDump dump = {op, fd, NULL};
    if (!block_guest_take_control(&domain->block, op, err)) {
        return false;
    }
    bool done = xen_dump_standing(domain, &dump, err);
    block_guest_leave_control(&domain->block);
    return done && hv_memfile_sync_dump(fd, image, err);
}

/* Of a guest that runs Xen would copy pages from different moments. */
static bool xen_dump_standing(XenDomain *domain, XenDump *dump, Err **err)
{
    bool runs = block_guest_runs(&domain->block);
    if (runs && !xen_control_pause(domain, dump->op, true, err)) {
        return false;
    }
    bool done = xen_dump_write(domain, dump, err);
    g_autoptr(Op) wake = op_new(DUMP_WAKE_LIMIT);
    return (!runs || xen_control_pause(domain, wake, false, done ? err : NULL)) && done;
}

static bool xen_dump_write(XenDomain *domain, XenDump *dump, Err **err)
{
    Hv *hv = domain->hv;
    uint32_t domid = xen_domain_domid(domain);
    xc_interface *control = xc_interface_open(&hv->messages.vtable, NULL, 0);
    if (!control) {
        return err_internal(err, "cannot talk to Xen");
    }
    int code = xc_domain_dumpcore_via_callback(control, domid, dump, xen_dump_take);
    int why = errno;
    xc_interface_close(control);
    if (dump->err) {
        return err_propagate(err, dump->err);
    }
    return code == 0 || err_errno(err, why, "cannot dump the memory of domain %s", domain->name);
}

static int xen_dump_take(xc_interface *control, void *user, char *bytes, unsigned length)
{
    XenDump *dump = user;
    (void)control;
    return op_check(dump->op, &dump->err) && fd_write_all(dump->fd, bytes, length, &dump->err) ? 0
                                                                                               : -1;
}
