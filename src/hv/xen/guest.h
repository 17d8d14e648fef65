/* What guests write into xenstore for us. */
#pragma once

#include "hv/xen/domain.h"

/* Listens to xenstore, once the own loop runs. */
bool xen_guest_start(Hv *hv, Err **err);

/* Lets a new domain's guest write below "control", where agents tell what they can do: libxl leaves
 * that closed but for what kernels need, XenServer did not. */
void xen_guest_open_control(XenDomain *domain);

/* Where something is in xenstore. (owned) */
char *xen_guest_path(uint32_t domid, const char *name);

/* guest_changed is told when the guest's agent writes, or somebody below HV_STORE_FOLDER. */
void xen_guest_watch(XenDomain *domain);
/* For one that has ended, so that xenstore forgets it. */
void xen_guest_unwatch(XenDomain *domain);

/* Waits until the guest's driver has done taking the device ("vbd/51712"), or a while where it has
 * none: a driver that is in the middle of it would miss that it is to let go. */
void xen_guest_await_device(XenDomain *domain, Op *op, const char *device);
/* Whether it has taken it. */
bool xen_guest_has_device(XenDomain *domain, const char *device);
