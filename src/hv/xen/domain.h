/* A domain of ours: its number, its folder and what is known of it.
 *
 * It is in the driver's table from the moment it has a folder until the domain has ended and the
 * folder is gone. */
#pragma once

#include "hv/block/guest.h"
#include "hv/qmp.h"
#include "hv/xen/record.h"
#include "hv/xen/xen.h"

typedef struct XenDomain {
    gatomicrefcount refs;
    Hv *hv; /* (borrowed) */
    Uuid uuid;
    uint64_t start_ticket;
    char name[UUID_TEXT_SIZE]; /* the uuid as text, which is libxl's name of it too */
    char *dir;
    Qmp *qmp; /* set once, before hooks work on the domain; see monitor.h */
    HvWatch qmp_watch;

    Lock lock; /* LOCK_HV_DOMAIN, over what follows */
    GCond changed;
    XenRecord *record;
    libxl_evgen_domain_death *watch;
    unsigned device_changes; /* how often the guest's drivers have told of devices */
    BlockGuest block;
    bool ready;     /* complete: hooks may work on it */
    bool destroyed; /* domain_destroy() was called: the end is no crash */
    bool exit_told;
    bool gone;           /* domain and folder are no more */
    bool monitored;      /* `qmp` is of use */
    bool console_in_use; /* its one text console is with a viewer */
    GQueue viewers;      /* descriptors (owned) that wait for it */
} XenDomain;

/* A domain with a folder and `record` (taken over), in the driver's table. Fails when the uuid is
 * taken. (a reference) */
XenDomain *xen_domain_new(Hv *hv, XenRecord *record, Err **err);
XenDomain *xen_domain_ref(XenDomain *domain);
void xen_domain_unref(XenDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenDomain, xen_domain_unref)

/* (a reference); NULL when there is none, or one that is about to start. */
XenDomain *xen_domain_find(Hv *hv, Uuid uuid);
/* The same with an error: INTERNAL_ERROR ["there is no domain ..."]. */
XenDomain *xen_domain_get(Hv *hv, Uuid uuid, Err **err);
uint32_t xen_domain_domid(XenDomain *domain);
HvPassageState xen_domain_passage(XenDomain *domain);

/* Hears of its end from now on. A domain that was saved and goes on is to be watched anew, for
 * libxl tells of one shutdown only. */
bool xen_domain_watch(XenDomain *domain, Err **err);
void xen_domain_unwatch(XenDomain *domain);

/* Writes the record as it is now. */
bool xen_domain_save_record(XenDomain *domain, Err **err);

/* Takes a domain that is no more out of the table and removes its folder; the first time it tells
 * of its end, if nobody did. */
void xen_domain_leave(XenDomain *domain);

/* Tells the layers above that this start has ended, once. */
void xen_domain_tell_exit(XenDomain *domain, HvExitReason reason);

/* What libxl reports of domains, ours and others'. */
void xen_domain_on_event(void *hv, const libxl_event *event);

/* The end that a shutdown means; false for one that is none, as that of a domain being saved. */
bool xen_domain_exit_of(int shutdown_reason, HvExitReason *ret_reason);

/* Removes run_dir/<uuid>. */
void xen_domain_remove_dir(const char *dir);
