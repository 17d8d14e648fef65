/* Suspending a domain into an image.  libxl asks the guest to suspend itself and writes its state
 * into one end of a socket pair; this thread takes it from the other.  Resuming is create.c. */
#include "base/fd.h"
#include "hv/statefile.h"
#include "hv/xen/call.h"
#include "hv/xen/domain.h"
#include "hv/xen/hooks.h"

#include <errno.h>
#include <sys/socket.h>

/* Device models and page tables, and what the stream says of each page, in bytes. */
#define SAVE_DEVICES  ((uint64_t)64 * 1024 * 1024)
#define SAVE_PER_PAGE 16
#define PAGE_BYTES    4096

#define SAVE_WAKE_LIMIT (60 * USEC_PER_SEC)

static bool xen_save_stream(XenDomain *domain, Op *op, HvStateFile *file, Err **err);
static void xen_save_go_on(XenDomain *domain);

uint64_t xen_save_size(Hv *hv, Uuid uuid)
{
    g_autoptr(XenDomain) domain = xen_domain_find(hv, uuid);
    uint64_t memory = domain ? domain->record->memory_max_bytes : 0;
    return memory + memory / PAGE_BYTES * SAVE_PER_PAGE + SAVE_DEVICES;
}

bool xen_save_domain(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    g_autoptr(HvStateFile) file =
        hv_statefile_open(hv->run_dir, op, image, true, domain->name, err);
    return file && xen_save_stream(domain, op, file, err);
}

static bool xen_save_stream(XenDomain *domain, Op *op, HvStateFile *file, Err **err)
{
    Hv *hv = domain->hv;
    uint32_t domid = xen_domain_domid(domain);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return err_errno(err, errno, "cannot create a socket for a saved state");
    }
    auto_fd ours = pair[0];
    auto_fd theirs = pair[1];
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    xen_call_shut_at_end(call, theirs);
    int started = libxl_domain_suspend(hv->ctx, domid, theirs, 0, xen_call_how(call));
    g_autoptr(Err) why = NULL;
    bool filled = started == 0 && hv_statefile_fill(file, op, ours, &why);
    fd_close(&ours); /* where the image is full, libxl must not wait for us */
    int code;
    bool ended = xen_call_finish(call, op, started, &code, err);
    if (ended && code == 0 && filled) {
        return true;
    }
    xen_save_go_on(domain);
    if (!ended) {
        return false;
    }
    if (why) {
        return err_propagate(err, g_steal_pointer(&why));
    }
    return xen_message_fail(&hv->messages, domid, code, "suspend", domain->name, err);
}

/* A guest that suspended itself for a state that nobody has is woken again. */
static void xen_save_go_on(XenDomain *domain)
{
    g_autoptr(Op) op = op_new(SAVE_WAKE_LIMIT);
    (void)xen_control_set_paused(domain->hv, op, domain->uuid, false, NULL);
}
