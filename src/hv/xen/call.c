/* libxl calls back on whichever thread serves its events just then. */
#include "hv/xen/call.h"

#include <sys/socket.h>

struct XenCall {
    gatomicrefcount refs;
    Hv *hv;
    uint32_t domid;
    char *name;
    libxl_asyncop_how how;

    Lock lock; /* LOCK_HV_DOMAIN, over what follows */
    GCond ended;
    bool done;
    int code;
    int fd; /* to be shut at the end, or -1 */
};

static void xen_call_on_end(libxl_ctx *ctx, int code, void *user);
static bool xen_call_await(XenCall *call, Op *op, Err **err);

XenCall *xen_call_new(Hv *hv, uint32_t domid, const char *name)
{
    XenCall *call = g_new0(XenCall, 1);
    g_atomic_ref_count_init(&call->refs);
    call->hv = hv;
    call->domid = domid;
    call->name = g_strdup(name);
    call->how = (libxl_asyncop_how){.callback = xen_call_on_end, .u.for_callback = call};
    call->fd = -1;
    lock_init(&call->lock, LOCK_HV_DOMAIN);
    g_cond_init(&call->ended);
    xen_message_forget(&hv->messages, domid);
    xen_message_forget(&hv->messages, XEN_MESSAGE_NO_DOMAIN);
    return call;
}

void xen_call_unref(XenCall *call)
{
    if (!call || !g_atomic_ref_count_dec(&call->refs)) {
        return;
    }
    g_cond_clear(&call->ended);
    lock_clear(&call->lock);
    g_free(call->name);
    g_free(call);
}

/* The operation's own reference, which its end gives back. */
const libxl_asyncop_how *xen_call_how(XenCall *call)
{
    g_atomic_ref_count_inc(&call->refs);
    return &call->how;
}

void xen_call_shut_at_end(XenCall *call, int fd)
{
    LOCK_GUARD(&call->lock);
    call->fd = fd;
}

bool xen_call_wait(XenCall *call, Op *op, int started, const char *what, Err **err)
{
    int code;
    if (!xen_call_finish(call, op, started, &code, err)) {
        return false;
    }
    return code == 0 ||
           xen_message_fail(&call->hv->messages, call->domid, code, what, call->name, err);
}

bool xen_call_finish(XenCall *call, Op *op, int started, int *ret_code, Err **err)
{
    if (started != 0) {
        *ret_code = started; /* nothing was begun and nothing will call back */
        xen_call_unref(call);
        return true;
    }
    if (!xen_call_await(call, op, err)) {
        return false;
    }
    *ret_code = call->code;
    return true;
}

static bool xen_call_await(XenCall *call, Op *op, Err **err)
{
    {
        LOCK_GUARD(&call->lock);
        while (!call->done && op_wait(op, &call->ended, &call->lock.mutex, NULL)) {
        }
        if (call->done) {
            return true;
        }
    }
    (void)libxl_ao_abort(call->hv->ctx, &call->how);
    g_autoptr(Op) end = op_new(USEC_NEVER);
    LOCK_GUARD(&call->lock);
    while (!call->done) {
        (void)op_wait(end, &call->ended, &call->lock.mutex, NULL);
    }
    /* It may have ended well before it could be cut short. */
    return call->code == 0 || op_check(op, err);
}

static void xen_call_on_end(libxl_ctx *ctx, int code, void *user)
{
    g_autoptr(XenCall) call = user;
    (void)ctx;
    LOCK_GUARD(&call->lock);
    call->code = code;
    call->done = true;
    if (call->fd >= 0) {
        (void)shutdown(call->fd, SHUT_RDWR);
    }
    g_cond_broadcast(&call->ended);
}
