/* Agents of guests write below the domain's folder; a watch on it tells when they did. */
#include "hv/xen/guest.h"

#include "base/log.h"
#include "base/text.h"
#include "hv/xen/device.h"
#include "hv/xen/guestinfo.h"
#include "hv/xen/hooks.h"
#include "hv/xen/store.h"

#include <stdlib.h>

#define SETTLE_LIMIT (10 * USEC_PER_SEC)
#define DOMAINS      "/local/domain/"
#define DEVICE       "device"
#define CONTROL      "control"

/* Where agents write, drivers, and whoever has a word for the host. */
static const char *const watched[] = {"data", "attr", DEVICE, HV_STORE_FOLDER};

/* A domain's folder in xenstore. */
typedef struct Store {
    struct xs_handle *store;
    uint32_t domid;
} Store;

static char *xen_guest_read(void *user, const char *path);
static bool xen_guest_is_taking(const Store *store, const char *path);
static void xen_guest_on_change(void *user);
static bool xen_guest_is_of_device(const char *path);
static void xen_guest_note_device(Hv *hv, Uuid uuid);

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

void xen_guest_open_control(XenDomain *domain)
{
    uint32_t domid = xen_domain_domid(domain);
    g_autofree char *path = xen_guest_path(domid, CONTROL);
    struct xs_permissions owner = {.id = domid, .perms = XS_PERM_NONE};
    if (!xs_set_permissions(domain->hv->store, XBT_NULL, path, &owner, 1)) {
        log_warn("the guest of %s cannot tell what it can do: %s is closed to it", domain->name,
                 path);
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
    ret_info->store = xen_store_read(domain);
    return true;
}

void xen_guest_await_device(XenDomain *domain, Op *op, const char *device)
{
    g_autoptr(Op) limited = op_new_child(op, SETTLE_LIMIT);
    g_autofree char *path = g_strdup_printf(DEVICE "/%s/state", device);
    const Store store = {domain->hv->store, xen_domain_domid(domain)};
    for (;;) {
        unsigned seen;
        {
            LOCK_GUARD(&domain->lock);
            seen = domain->device_changes;
        }
        if (!xen_guest_is_taking(&store, path)) {
            return;
        }
        LOCK_GUARD(&domain->lock);
        while (domain->device_changes == seen) {
            if (!op_wait(limited, &domain->changed, &domain->lock.mutex, NULL)) {
                return;
            }
        }
    }
}

/* Xen's state 4: connected. */
bool xen_guest_has_device(XenDomain *domain, const char *device)
{
    g_autofree char *path = g_strdup_printf(DEVICE "/%s/state", device);
    const Store store = {domain->hv->store, xen_domain_domid(domain)};
    char *state = xen_guest_read((void *)&store, path);
    bool has = text_equal(state, "4");
    free(state);
    return has;
}

/* Xen's states 1 to 3: initialising, waiting, initialised. */
static bool xen_guest_is_taking(const Store *store, const char *path)
{
    char *state = xen_guest_read((void *)store, path);
    bool is_taking = state && *state >= '1' && *state <= '3';
    free(state);
    return is_taking;
}

static char *xen_guest_read(void *user, const char *path)
{
    const Store *store = user;
    g_autofree char *full = xen_guest_path(store->domid, path);
    unsigned length;
    return xs_read(store->store, XBT_NULL, full, &length);
}

char *xen_guest_path(uint32_t domid, const char *name)
{
    return g_strdup_printf(DOMAINS "%u/%s", domid, name);
}

/* One change of many at a time; the token is the domain's uuid. */
static void xen_guest_on_change(void *user)
{
    Hv *hv = user;
    char **change = xs_check_watch(hv->store);
    Uuid uuid;
    bool known = change && uuid_parse(change[XS_WATCH_TOKEN], &uuid);
    bool of_device = known && xen_guest_is_of_device(change[XS_WATCH_PATH]);
    free(change);
    if (of_device) {
        xen_guest_note_device(hv, uuid);
    } else if (known && hv->events.guest_changed) {
        hv->events.guest_changed(hv->events.user, uuid);
    }
}

/* A path is that of a domain, its number and what is in its folder. */
static bool xen_guest_is_of_device(const char *path)
{
    const char *number = path + (g_str_has_prefix(path, DOMAINS) ? strlen(DOMAINS) : 0);
    return g_str_has_prefix(number + strspn(number, G_CSET_DIGITS), "/" DEVICE);
}

static void xen_guest_note_device(Hv *hv, Uuid uuid)
{
    g_autoptr(XenDomain) domain = xen_domain_find(hv, uuid);
    if (domain) {
        LOCK_GUARD(&domain->lock);
        domain->device_changes++;
        g_cond_broadcast(&domain->changed);
    }
}
