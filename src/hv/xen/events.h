/* The thread that serves libxl: its descriptors, its timers, and with them its operations and
 * events. */
#pragma once

#include "base/err.h"

#include <libxl.h>

typedef struct XenEvents XenEvents;

/* Starts the thread. `on_event` is called with each event of a domain, on any thread that is inside
 * libxl, and frees nothing. (owned) */
XenEvents *xen_events_new(libxl_ctx *ctx, void (*on_event)(void *user, const libxl_event *event),
                          void *user, Err **err);
/* Stops it; operations must have ended. NULL-safe. */
void xen_events_free(XenEvents *events);

/* To be called, with no lock held, after libxl got a watch of events by a function that begins no
 * operation. */
void xen_events_wake(XenEvents *events);
