/* Life of a domain from folder to folder's end.  Building one is create.c, ending one control.c,
 * finding one that runs adopt.c. */
#include "hv/xen/domain.h"

#include "base/fd.h"
#include "base/log.h"
#include "hv/xen/block.h"
#include "hv/xen/guest.h"
#include "wire/value.h"

#include <errno.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <sys/stat.h>

static bool xen_domain_enter(XenDomain *domain, Err **err);
static XenDomain *xen_domain_of(Hv *hv, const libxl_event *event);
static void xen_domain_on_shutdown(XenDomain *domain, int reason);
static void xen_domain_on_death(XenDomain *domain);

XenDomain *xen_domain_new(Hv *hv, XenRecord *record, Err **err)
{
    XenDomain *domain = g_new0(XenDomain, 1);
    g_atomic_ref_count_init(&domain->refs);
    domain->hv = hv;
    domain->uuid = record->uuid;
    domain->start_ticket = record->start_ticket;
    uuid_format(record->uuid, domain->name);
    domain->dir = g_build_filename(hv->run_dir, domain->name, NULL);
    lock_init(&domain->lock, LOCK_HV_DOMAIN);
    g_cond_init(&domain->changed);
    domain->record = record;
    g_queue_init(&domain->viewers);
    xen_block_begin(domain);
    if (!xen_domain_enter(domain, err)) {
        xen_domain_unref(domain);
        return NULL;
    }
    if (mkdir(domain->dir, 0700) < 0 && errno != EEXIST) {
        err_errno(err, errno, "cannot create %s", domain->dir);
        xen_domain_leave(domain);
        xen_domain_unref(domain);
        return NULL;
    }
    return domain;
}

XenDomain *xen_domain_ref(XenDomain *domain)
{
    g_atomic_ref_count_inc(&domain->refs);
    return domain;
}

void xen_domain_unref(XenDomain *domain)
{
    if (!domain || !g_atomic_ref_count_dec(&domain->refs)) {
        return;
    }
    while (!g_queue_is_empty(&domain->viewers)) {
        close(GPOINTER_TO_INT(g_queue_pop_head(&domain->viewers)));
    }
    qmp_free(domain->qmp);
    xen_record_free(domain->record);
    block_guest_clear(&domain->block);
    g_cond_clear(&domain->changed);
    lock_clear(&domain->lock);
    g_free(domain->dir);
    g_free(domain);
}

XenDomain *xen_domain_find(Hv *hv, Uuid uuid)
{
    LOCK_GUARD(&hv->lock);
    XenDomain *domain = g_hash_table_lookup(hv->domains, &uuid);
    if (!domain) {
        return NULL;
    }
    LOCK_GUARD(&domain->lock);
    return domain->ready ? xen_domain_ref(domain) : NULL;
}

XenDomain *xen_domain_get(Hv *hv, Uuid uuid, Err **err)
{
    XenDomain *domain = xen_domain_find(hv, uuid);
    if (!domain) {
        err_internal(err, "there is no domain %s", UUID_TEXT(uuid));
    }
    return domain;
}

uint32_t xen_domain_domid(XenDomain *domain)
{
    LOCK_GUARD(&domain->lock);
    return domain->record->domid;
}

HvPassageState xen_domain_passage(XenDomain *domain)
{
    LOCK_GUARD(&domain->lock);
    return domain->record->passage;
}

bool xen_domain_watch(XenDomain *domain, Err **err)
{
    libxl_evgen_domain_death *watch;
    uint32_t domid = xen_domain_domid(domain);
    int code = libxl_evenable_domain_death(domain->hv->ctx, domid, 0, &watch);
    if (code != 0) {
        return xen_message_fail(&domain->hv->messages, domid, code, "watch", domain->name, err);
    }
    xen_events_wake(domain->hv->loop);
    LOCK_GUARD(&domain->lock);
    domain->watch = watch;
    return true;
}

void xen_domain_unwatch(XenDomain *domain)
{
    libxl_evgen_domain_death *watch = NULL;
    {
        LOCK_GUARD(&domain->lock);
        watch = g_steal_pointer(&domain->watch);
    }
    if (watch) {
        libxl_evdisable_domain_death(domain->hv->ctx, watch);
    }
}

bool xen_domain_save_record(XenDomain *domain, Err **err)
{
    g_autofree char *text = NULL;
    {
        LOCK_GUARD(&domain->lock);
        text = xen_record_to_text(domain->record);
    }
    return xen_record_write(text, domain->dir, err);
}

void xen_domain_leave(XenDomain *domain)
{
    Hv *hv = domain->hv;
    bool was_ready, destroyed;
    {
        LOCK_GUARD(&domain->lock);
        if (domain->gone) {
            return;
        }
        domain->gone = true;
        was_ready = domain->ready;
        destroyed = domain->destroyed;
    }
    xen_domain_unwatch(domain);
    xen_guest_unwatch(domain);
    xen_domain_remove_dir(domain->dir);
    xen_domain_ref(domain); /* the table's goes */
    {
        LOCK_GUARD(&hv->lock);
        g_hash_table_remove(hv->domains, &domain->uuid);
    }
    if (was_ready) {
        xen_domain_tell_exit(domain, destroyed ? HV_EXIT_DESTROYED : HV_EXIT_CRASH);
    }
    xen_domain_unref(domain);
}

void xen_domain_tell_exit(XenDomain *domain, HvExitReason reason)
{
    {
        LOCK_GUARD(&domain->lock);
        if (domain->exit_told) {
            return;
        }
        domain->exit_told = true;
    }
    const HvEvents *events = &domain->hv->events;
    if (events->domain_exited) {
        events->domain_exited(events->user, domain->uuid, domain->start_ticket, reason);
    }
}

void xen_domain_on_event(void *hv, const libxl_event *event)
{
    g_autoptr(XenDomain) domain = xen_domain_of(hv, event);
    if (domain && event->type == LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN) {
        xen_domain_on_shutdown(domain, event->u.domain_shutdown.shutdown_reason);
    } else if (domain && event->type == LIBXL_EVENT_TYPE_DOMAIN_DEATH) {
        xen_domain_on_death(domain);
    }
}

bool xen_domain_exit_of(int shutdown_reason, HvExitReason *ret_reason)
{
    static const struct {
        libxl_shutdown_reason shutdown;
        HvExitReason reason;
    } reasons[] = {
        {LIBXL_SHUTDOWN_REASON_POWEROFF, HV_EXIT_SHUTDOWN},
        {LIBXL_SHUTDOWN_REASON_REBOOT, HV_EXIT_REBOOT},
        {LIBXL_SHUTDOWN_REASON_SOFT_RESET, HV_EXIT_REBOOT},
    };
    *ret_reason = HV_EXIT_CRASH;
    for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if ((int)reasons[i].shutdown == shutdown_reason) {
            *ret_reason = reasons[i].reason;
        }
    }
    return shutdown_reason != LIBXL_SHUTDOWN_REASON_SUSPEND;
}

void xen_domain_remove_dir(const char *dir)
{
    g_autoptr(Err) err = NULL;
    if (!fd_remove_tree(dir, &err)) {
        log_warn("the folder of a domain stays: %s", err->params[0]);
    }
}

static bool xen_domain_enter(XenDomain *domain, Err **err)
{
    Hv *hv = domain->hv;
    LOCK_GUARD(&hv->lock);
    if (g_hash_table_contains(hv->domains, &domain->uuid)) {
        return err_internal(err, "domain %s exists already", domain->name);
    }
    g_hash_table_insert(hv->domains, &domain->uuid, xen_domain_ref(domain));
    return true;
}

/* Only domains of ours are watched, and Xen gives a number again after tens of thousands. */
static XenDomain *xen_domain_of(Hv *hv, const libxl_event *event)
{
    LOCK_GUARD(&hv->lock);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        XenDomain *domain = value;
        LOCK_GUARD(&domain->lock);
        if (domain->record->domid == event->domid) {
            return xen_domain_ref(domain);
        }
    }
    return NULL;
}

static void xen_domain_on_shutdown(XenDomain *domain, int reason)
{
    HvExitReason exit;
    if (xen_domain_exit_of(reason, &exit)) {
        xen_domain_tell_exit(domain, exit);
    }
}

/* One that we end ourselves is not complete yet: its devices are taken down after it. */
static void xen_domain_on_death(XenDomain *domain)
{
    bool destroyed;
    {
        LOCK_GUARD(&domain->lock);
        destroyed = domain->destroyed;
    }
    if (!destroyed) {
        xen_domain_leave(domain);
    }
}
