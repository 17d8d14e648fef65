/* Suspending a domain into an image.  libxl asks the guest to suspend itself and writes its state
 * into one end of a socket pair; this thread takes it from the other.  Resuming is create.c. */
#include "hv/xen/save.h"
#include "base/fd.h"
#include "hv/memfile.h"
#include "hv/statefile.h"
#include "hv/xen/call.h"
#include "hv/xen/control.h"
#include "hv/xen/domain.h"
#include "hv/xen/hooks.h"

#include <errno.h>
#include <sys/socket.h>

/* And page tables, in bytes. */
#define SAVE_DEVICES ((uint64_t)64 * 1024 * 1024)

#define SAVE_WAKE_LIMIT (60 * USEC_PER_SEC)

static bool xen_save_fill(void *file, Op *op, int from, Err **err);

uint64_t xen_save_size(Hv *hv, Uuid uuid)
{
    g_autoptr(XenDomain) domain = xen_domain_find(hv, uuid);
    return hv_memfile_size(domain ? domain->record->memory_max_bytes : 0, SAVE_DEVICES);
}

bool xen_save_domain(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    g_autoptr(HvStateFile) file =
        hv_statefile_open(hv->run_dir, op, image, true, domain->name, err);
    if (!file) {
        return false;
    }
    if (!xen_save_write(domain, op, false, xen_save_fill, file, err)) {
        g_autoptr(Op) wake = op_new(SAVE_WAKE_LIMIT);
        (void)xen_save_go_on(domain, wake, NULL);
        return false;
    }
    return true;
}

bool xen_save_write(XenDomain *domain, Op *op, bool live, XenSaveSink sink, void *user, Err **err)
{
    Hv *hv = domain->hv;
    uint32_t domid = xen_domain_domid(domain);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return err_errno(err, errno, "cannot create a socket for a domain's state");
    }
    auto_fd ours = pair[0];
    auto_fd theirs = pair[1];
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    xen_call_shut_at_end(call, theirs);
    int started = libxl_domain_suspend(hv->ctx, domid, theirs, live ? LIBXL_SUSPEND_LIVE : 0,
                                       xen_call_how(call));
    g_autoptr(Err) why = NULL;
    bool taken = started == 0 && sink(user, op, ours, &why);
    fd_close(&ours); /* where nobody takes it, libxl must not wait for us */
    int code;
    bool ended = xen_call_finish(call, op, started, &code, err);
    if (!ended || (code == 0 && taken)) {
        return ended;
    }
    if (why) {
        return err_propagate(err, g_steal_pointer(&why));
    }
    return xen_message_fail(&hv->messages, domid, code, "suspend", domain->name, err);
}

bool xen_save_go_on(XenDomain *domain, Op *op, Err **err)
{
    if (!block_guest_take_control(&domain->block, op, err)) {
        return false;
    }
    bool done = xen_control_pause(domain, op, false, err);
    block_guest_leave_control(&domain->block);
    return done;
}

static bool xen_save_fill(void *file, Op *op, int from, Err **err)
{
    return hv_statefile_fill(file, op, from, err);
}
