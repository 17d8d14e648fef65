/* One long operation of libxl, waited for under an Op.
 *
 *   g_autoptr(XenCall) call = xen_call_new(hv, domid, name);
 *   return xen_call_wait(call, op, libxl_domain_pause(hv->ctx, domid, xen_call_how(call)),
 *                        "pause", err);
 */
#pragma once

#include "base/op.h"
#include "hv/xen/xen.h"

typedef struct XenCall XenCall;

/* `name` is for error texts. What libxl says of the domain from now on is the reason of a failure;
 * INVALID_DOMID for one that is not there yet. (a reference) */
XenCall *xen_call_new(Hv *hv, uint32_t domid, const char *name);
void xen_call_unref(XenCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenCall, xen_call_unref)

/* For one operation. */
const libxl_asyncop_how *xen_call_how(XenCall *call);

/* When the operation ends, `fd` (borrowed until then) is shut for both directions: whoever works
 * on its other end learns of it. */
void xen_call_shut_at_end(XenCall *call, int fd);

/* `started` is what the function returned. When `op` ends first, the operation is aborted and its
 * end waited for, as it holds what the caller gave it; libxl limits each of its steps in time. */
bool xen_call_wait(XenCall *call, Op *op, int started, const char *what, Err **err);

/* The same, with libxl's code as the result and no error made of it. False only when `op` ended. */
bool xen_call_finish(XenCall *call, Op *op, int started, int *ret_code, Err **err);
