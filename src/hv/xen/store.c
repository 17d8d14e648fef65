/* One transaction of xenstore for each change and for each look: what the guest writes meanwhile
 * comes before or after, and never between. */
#include "hv/xen/store.h"

#include "hv/xen/guest.h"
#include "hv/xen/hooks.h"
#include "hv/xen/words.h"

#include <errno.h>
#include <stdlib.h>

#define TRIES 16 /* a guest that writes all the time can spoil some */

/* A transaction in a domain's folder. */
typedef struct Store {
    struct xs_handle *store;
    xs_transaction_t transaction;
    uint32_t domid;
} Store;

static bool xen_store_write(XenDomain *domain, bool anew, const HvStoreChange *changes,
                            unsigned count, Err **err);
static bool xen_store_try(const Store *store, bool anew, const HvStoreChange *changes,
                          unsigned count);
static bool xen_store_make_folder(const Store *store);
static bool xen_store_set(const Store *store, const HvStoreChange *change);
static char *xen_store_value(void *user, const char *name);
static char **xen_store_names(void *user, const char *name, unsigned *ret_count);

bool xen_store_begin(XenDomain *domain, const char *const *data, Err **err)
{
    unsigned count = data ? g_strv_length((char **)data) / 2 : 0;
    g_autofree HvStoreChange *changes = g_new0(HvStoreChange, count);
    for (unsigned i = 0; i < count; i++) {
        changes[i] = (HvStoreChange){data[2 * i], data[2 * i + 1]};
    }
    return xen_store_write(domain, true, changes, count, err);
}

bool xen_store_change(Hv *hv, Uuid uuid, const HvStoreChange *changes, unsigned count, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    return domain && xen_store_write(domain, false, changes, count, err);
}

char **xen_store_read(XenDomain *domain)
{
    Store store = {.store = domain->hv->store, .domid = xen_domain_domid(domain)};
    store.transaction = xs_transaction_start(store.store);
    if (store.transaction == XBT_NULL) {
        return NULL;
    }
    const XenWordSource source = {xen_store_value, xen_store_names, &store};
    char **words = xen_words_read(&source);
    (void)xs_transaction_end(store.store, store.transaction, true);
    return words;
}

static bool xen_store_write(XenDomain *domain, bool anew, const HvStoreChange *changes,
                            unsigned count, Err **err)
{
    Store store = {.store = domain->hv->store, .domid = xen_domain_domid(domain)};
    errno = EAGAIN;
    for (unsigned i = 0; i < TRIES && errno == EAGAIN; i++) {
        store.transaction = xs_transaction_start(store.store);
        if (store.transaction == XBT_NULL) {
            break;
        }
        bool done = xen_store_try(&store, anew, changes, count);
        int why = errno;
        if (xs_transaction_end(store.store, store.transaction, !done) && done) {
            return true;
        }
        errno = done ? errno : why;
    }
    return err_errno(err, errno, "cannot write to the xenstore of domain %s", domain->name);
}

static bool xen_store_try(const Store *store, bool anew, const HvStoreChange *changes,
                          unsigned count)
{
    bool done = !anew || xen_store_make_folder(store);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < count && done; i++) {
            bool comes = changes[i].value != NULL;
            done = comes != (pass == 1) || xen_store_set(store, &changes[i]);
        }
    }
    return done;
}

/* What is made in it later is the guest's to write, too. */
static bool xen_store_make_folder(const Store *store)
{
    g_autofree char *path = xen_guest_path(store->domid, HV_STORE_FOLDER);
    struct xs_permissions owner = {.id = store->domid, .perms = XS_PERM_NONE};
    return xs_mkdir(store->store, store->transaction, path) &&
           xs_set_permissions(store->store, store->transaction, path, &owner, 1);
}

static bool xen_store_set(const Store *store, const HvStoreChange *change)
{
    g_autofree char *path = xen_guest_path(store->domid, change->path);
    if (!change->value) {
        return xs_rm(store->store, store->transaction, path) || errno == ENOENT;
    }
    return xs_write(store->store, store->transaction, path, change->value,
                    (unsigned)strlen(change->value));
}

static char *xen_store_value(void *user, const char *name)
{
    const Store *store = user;
    g_autofree char *path = xen_guest_path(store->domid, name);
    unsigned length;
    return xs_read(store->store, store->transaction, path, &length);
}

static char **xen_store_names(void *user, const char *name, unsigned *ret_count)
{
    const Store *store = user;
    g_autofree char *path = xen_guest_path(store->domid, name);
    return xs_directory(store->store, store->transaction, path, ret_count);
}
