/* Agents of guests write below the domain's folder; a watch on it tells when they did. */
#include "hv/xen/guest.h"

#include "base/log.h"
#include "hv/xen/device.h"
#include "hv/xen/guestinfo.h"
#include "hv/xen/hooks.h"

#include <stdlib.h>

/* Where agents write. "data" has "updated", which comes last. */
static const char *const watched[] = {"data", "attr"};

/* A domain's folder in xenstore. */
typedef struct Store {
    struct xs_handle *store;
    uint32_t domid;
} Store;

static char *xen_guest_read(void *user, const char *path);
static char *xen_guest_path(uint32_t domid, const char *name);
static void xen_guest_on_change(void *user);

bool xen_guest_start(Hv *hv, Err **err)
{
    hv->store_watch = (HvWatch){xs_fileno(hv->store), xen_guest_on_change, hv};
    return hv_loop_add(hv->own_loop, &hv->store_watch, err);
}

void xen_guest_watch(XenDomain *domain)
{
    uint32_t domid = xen_domain_domid(domain);
    for (unsigned i = 0; i < G_N_ELEMENTS(watched); i++) {
        g_autofree char *path = xen_guest_path(domid, watched[i]);
        if (!xs_watch(domain->hv->store, path, domain->name)) {
            log_warn("cannot watch %s of domain %s in xenstore", path, domain->name);
        }
    }
}

void xen_guest_unwatch(XenDomain *domain)
{
    uint32_t domid = xen_domain_domid(domain);
    for (unsigned i = 0; i < G_N_ELEMENTS(watched); i++) {
        g_autofree char *path = xen_guest_path(domid, watched[i]);
        (void)xs_unwatch(domain->hv->store, path, domain->name);
    }
}

bool xen_guest_info(Hv *hv, Op *op, Uuid uuid, HvGuestInfo *ret_info, Err **err)
{
    (void)op;
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    Store store = {hv->store, xen_domain_domid(domain)};
    xen_guestinfo_read(xen_guest_read, &store, XEN_NICS_MAX, ret_info);
    return true;
}

static char *xen_guest_read(void *user, const char *path)
{
    const Store *store = user;
    g_autofree char *full = xen_guest_path(store->domid, path);
    unsigned length;
    return xs_read(store->store, XBT_NULL, full, &length);
}

static char *xen_guest_path(uint32_t domid, const char *name)
{
    return g_strdup_printf("/local/domain/%u/%s", domid, name);
}

/* One change of many at a time; the token is the domain's uuid. */
static void xen_guest_on_change(void *user)
{
    Hv *hv = user;
    char **change = xs_check_watch(hv->store);
    Uuid uuid;
    bool known = change && uuid_parse(change[XS_WATCH_TOKEN], &uuid);
    free(change);
    if (known && hv->events.guest_changed) {
        hv->events.guest_changed(hv->events.user, uuid);
    }
}
