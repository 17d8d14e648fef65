/* The opened driver of Xen: what its files share.
 *
 * libxl's context is used by any thread.  Its descriptors and timers are the matter of one thread
 * (events.c), its long operations end by a call back (call.c).  Descriptors of our own, of device
 * models and of xenstore, are with an HvLoop. */
#pragma once

#include "base/lock.h"
#include "hv/hv.h"
#include "hv/loop.h"
#include "hv/xen/events.h"
#include "hv/xen/message.h"
#include "net/relay.h"

#include <libxl.h>
#include <xenctrl.h>
#include <xenstore.h>

struct Hv {
    char *run_dir;
    char *vif_script;
    HvEvents events;
    XenMessages messages;
    libxl_ctx *ctx;
    xc_interface *control; /* processors' idle times, which libxl does not tell */
    struct xs_handle *store;
    HvWatch store_watch;
    XenEvents *loop;
    HvLoop *own_loop;
    Relay *relay; /* carries text consoles */

    Lock lock;           /* LOCK_HV, over what follows */
    GHashTable *domains; /* Uuid * (within the domain) -> XenDomain (owned) */
    GArray *busy;        /* uint64_t: of each processor as it was told last, in nanoseconds */
};
