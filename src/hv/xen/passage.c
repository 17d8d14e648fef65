/* Sending a running domain to another Xen, and receiving one.
 *
 * libxl's part ends with the guest suspended here, and complete but paused there.  Whose it is then
 * the records say, and the names: that with the bare uuid is the one that counts. */
#include "hv/passage.h"

#include "base/log.h"
#include "hv/xen/create.h"
#include "hv/xen/hooks.h"
#include "hv/xen/monitor.h"
#include "hv/xen/passage.h"
#include "hv/xen/save.h"

#include <libxl_utils.h>
#include <stdlib.h>

#define ENGINE       "xen"
#define DEVICES_FILE "devices"  /* in the domain's folder; nobody reads it */
#define STREAM_IDENT "LibxlFmt" /* what libxl_domain_suspend() begins with */
#define GO_ON_LIMIT  (60 * USEC_PER_SEC)
#define GO_ON_PACE   (200 * USEC_PER_MSEC)
#define FLUSH_LIMIT  (60 * USEC_PER_SEC)
#define SHUTDOWN_KEY "/local/domain/%u/control/shutdown"

typedef struct Arrival {
    Hv *hv;
    const HvDomainConfig *config;
    XenDomain *domain; /* once it is prepared (a reference) */
    uint32_t domid;
} Arrival;

static bool xen_passage_on_copy(void *user, Op *op, HvPassage *passage, Err **err);
static bool xen_passage_on_give(void *user, Err **err);
static void xen_passage_on_go_on(void *user);
static bool xen_passage_on_end(void *user, Op *op, Err **err);
static bool xen_passage_on_prepare(void *user, Op *op, Err **err);
static bool xen_passage_on_load(void *user, Op *op, HvPassage *passage, Err **err);
static bool xen_passage_on_take(void *user, Err **err);
static bool xen_passage_fill(void *passage, Op *op, int from, Err **err);
static bool xen_passage_drain(void *passage, Op *op, int to, Err **err);
static bool xen_passage_begin(XenDomain *domain, Err **err);
static bool xen_passage_can_log(const XenDomain *domain);
static bool xen_passage_let_disks_go(XenDomain *domain, Err **err);
static void xen_passage_try_on(XenDomain *domain);
static bool xen_passage_go_on(XenDomain *domain, Err **err);
static bool xen_passage_take_disks_back(XenDomain *domain, Op *op, Err **err);
static void xen_passage_forget_wish(XenDomain *domain);
static void xen_passage_rename(XenDomain *domain, const char *suffix);
static bool xen_passage_note(XenDomain *domain, HvPassageState passage, Err **err);

bool xen_passage_send(Hv *hv, Op *op, Uuid uuid, const HvSend *send, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    if (xen_domain_passage(domain) == HV_PASSAGE_GIVEN) {
        return err_internal(err, "domain %s was given away", domain->name);
    }
    const HvPassageSource source = {.engine = ENGINE,
                                    .domain = uuid,
                                    .memory_bytes = domain->record->memory_max_bytes,
                                    .copy = xen_passage_on_copy,
                                    .give = xen_passage_on_give,
                                    .go_on = xen_passage_on_go_on,
                                    .end = xen_passage_on_end,
                                    .user = domain};
    return hv_passage_send(send, op, &source, err);
}

bool xen_passage_receive(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                         Err **err)
{
    Arrival arrival = {.hv = hv, .config = config, .domid = (uint32_t)INVALID_DOMID};
    const HvPassageTarget target = {.engine = ENGINE,
                                    .domain = config->uuid,
                                    .prepare = xen_passage_on_prepare,
                                    .load = xen_passage_on_load,
                                    .take = xen_passage_on_take,
                                    .user = &arrival};
    bool done = hv_passage_receive(fd, op, &target, err);
    g_autoptr(XenDomain) domain = arrival.domain;
    if (done) {
        *ret_domid = (int)arrival.domid;
    } else if (domain) {
        xen_create_undo(domain, arrival.domid);
    }
    return done;
}

bool xen_passage_reclaim(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    return domain && op_check(op, err) && xen_passage_go_on(domain, err);
}

void xen_passage_settle(XenDomain *domain)
{
    HvPassageState passage = xen_domain_passage(domain);
    if (passage == HV_PASSAGE_SENDING) {
        xen_passage_try_on(domain);
    }
    if (passage == HV_PASSAGE_NONE) {
        xen_passage_rename(domain, "");
    }
}

static bool xen_passage_on_copy(void *user, Op *op, HvPassage *passage, Err **err)
{
    XenDomain *domain = user;
    return xen_passage_begin(domain, err) &&
           xen_save_write(domain, op, xen_passage_can_log(domain), xen_passage_fill, passage,
                          err) &&
           xen_passage_let_disks_go(domain, err);
}

static bool xen_passage_on_give(void *user, Err **err)
{
    XenDomain *domain = user;
    if (!xen_passage_note(domain, HV_PASSAGE_GIVEN, err)) {
        return false;
    }
    xen_passage_rename(domain, XEN_PASSAGE_GIVEN);
    return true;
}

static void xen_passage_on_go_on(void *user)
{
    xen_passage_try_on(user);
}

static bool xen_passage_on_end(void *user, Op *op, Err **err)
{
    XenDomain *domain = user;
    return xen_control_destroy(domain->hv, op, domain->uuid, err);
}

static bool xen_passage_on_prepare(void *user, Op *op, Err **err)
{
    Arrival *arrival = user;
    if (!op_check(op, err) || !xen_create_check(arrival->config, err)) {
        return false;
    }
    XenRecord *record = xen_record_new(arrival->config);
    record->passage = HV_PASSAGE_COMING;
    arrival->domain = xen_domain_new(arrival->hv, record, err);
    return arrival->domain && xen_domain_save_record(arrival->domain, err);
}

/* libxl 4.17 crashes the process over a stream that is none, or that ends before it begins. */
static bool xen_passage_on_load(void *user, Op *op, HvPassage *passage, Err **err)
{
    Arrival *arrival = user;
    const void *ident = hv_passage_peek(passage, op, strlen(STREAM_IDENT), err);
    if (!ident) {
        return false;
    }
    if (memcmp(ident, STREAM_IDENT, strlen(STREAM_IDENT)) != 0) {
        return err_internal(err, "the state of domain %s is not one of libxl",
                            arrival->domain->name);
    }
    g_autofree char *name = g_strconcat(arrival->domain->name, XEN_PASSAGE_COMING, NULL);
    return xen_create_from(arrival->domain, op, arrival->config, name, xen_passage_drain, passage,
                           &arrival->domid, err) &&
           xen_create_take_over(arrival->domain, op, arrival->config, err);
}

/* The record first: a name is made good when the domain is adopted. */
static bool xen_passage_on_take(void *user, Err **err)
{
    Arrival *arrival = user;
    {
        LOCK_GUARD(&arrival->domain->lock);
        arrival->domain->record->passage = HV_PASSAGE_NONE;
    }
    if (!xen_create_finish(arrival->domain, arrival->config, arrival->domid, err)) {
        return false;
    }
    xen_passage_rename(arrival->domain, "");
    return true;
}

static bool xen_passage_fill(void *passage, Op *op, int from, Err **err)
{
    return hv_passage_fill(passage, op, from, err);
}

static bool xen_passage_drain(void *passage, Op *op, int to, Err **err)
{
    return hv_passage_drain(passage, op, to, err);
}

static bool xen_passage_begin(XenDomain *domain, Err **err)
{
    HvDomainInfo info;
    if (!xen_info_domain(domain->hv, domain->uuid, &info, err)) {
        return false;
    }
    if (info.state != HV_STATE_RUNNING) {
        return err_internal(err, "the guest of domain %s does not run", domain->name);
    }
    return xen_passage_note(domain, HV_PASSAGE_SENDING, err);
}

/* Whether Xen can tell what a guest writes while it is copied: of paravirtual ones only by shadow
 * page tables, without which Debian's Xen is built. Others stand still meanwhile. */
static bool xen_passage_can_log(const XenDomain *domain)
{
    libxl_physinfo info;
    libxl_physinfo_init(&info);
    bool can = domain->record->kind != HV_KIND_PV ||
               (libxl_get_physinfo(domain->hv->ctx, &info) == 0 && info.cap_shadow);
    libxl_physinfo_dispose(&info);
    return can;
}

/* What QEMU keeps of images must be in them, and its locks gone, before another one opens them. It
 * does both for live migrations only, as the saver of devices. Where it emulates a machine libxl
 * has told it. */
static bool xen_passage_let_disks_go(XenDomain *domain, Err **err)
{
    if (domain->record->kind == HV_KIND_HVM) {
        return true;
    }
    Qmp *server = xen_monitor_get(domain, err);
    if (!server) {
        return false;
    }
    g_autoptr(Op) op = op_new(FLUSH_LIMIT);
    if (!qmp_call(server, op, "stop", NULL, NULL, err)) {
        return false;
    }
    g_autofree char *file = g_build_filename(domain->dir, DEVICES_FILE, NULL);
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "filename", value_new_string(file));
    value_struct_add_static(args, "live", value_new_bool(true));
    return qmp_call(server, op, "xen-save-devices-state", args, NULL, err);
}

/* One that cannot go on yet stands still, until it is reclaimed or a driver is opened again. */
static void xen_passage_try_on(XenDomain *domain)
{
    g_autoptr(Err) err = NULL;
    if (!xen_passage_go_on(domain, &err)) {
        log_error("domain %s does not go on: %s", domain->name, err->params[0]);
    }
}

/* Not to be interrupted: the guest may stand still. It is the sender's again before it runs. */
static bool xen_passage_go_on(XenDomain *domain, Err **err)
{
    g_autoptr(Op) op = op_new(GO_ON_LIMIT);
    if (xen_domain_passage(domain) == HV_PASSAGE_NONE) {
        return true; /* it was not touched */
    }
    if (!xen_passage_note(domain, HV_PASSAGE_SENDING, err)) {
        return false;
    }
    xen_passage_rename(domain, "");
    xen_passage_forget_wish(domain);
    return xen_passage_take_disks_back(domain, op, err) && xen_save_go_on(domain, op, err) &&
           xen_passage_note(domain, HV_PASSAGE_NONE, err);
}

/* A receiver that gave up has the images open until its QEMU has ended. */
static bool xen_passage_take_disks_back(XenDomain *domain, Op *op, Err **err)
{
    for (;;) {
        g_autoptr(Err) why = NULL;
        Qmp *server = xen_monitor_get(domain, NULL);
        if (!server || qmp_call(server, op, "cont", NULL, NULL, &why)) {
            return true;
        }
        if (!op_sleep(op, GO_ON_PACE, NULL)) {
            return err_propagate(err, g_steal_pointer(&why));
        }
    }
}

/* That it suspend itself: a driver that was killed may have left it. */
static void xen_passage_forget_wish(XenDomain *domain)
{
    g_autofree char *path = g_strdup_printf(SHUTDOWN_KEY, xen_domain_domid(domain));
    unsigned length;
    char *wish = xs_read(domain->hv->store, XBT_NULL, path, &length);
    if (wish && *wish) {
        (void)xs_write(domain->hv->store, XBT_NULL, path, "", 0);
    }
    free(wish);
}

/* Names are for people, and for libxl's wish that no two are the same. */
static void xen_passage_rename(XenDomain *domain, const char *suffix)
{
    Hv *hv = domain->hv;
    uint32_t domid = xen_domain_domid(domain);
    g_autofree char *name = g_strconcat(domain->name, suffix, NULL);
    char *current = libxl_domid_to_name(hv->ctx, domid);
    if (current && !g_str_equal(current, name) &&
        libxl_domain_rename(hv->ctx, domid, NULL, name) != 0) {
        log_warn("domain %u keeps the name %s instead of %s", domid, current, name);
    }
    free(current);
}

static bool xen_passage_note(XenDomain *domain, HvPassageState passage, Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        domain->record->passage = passage;
    }
    return xen_domain_save_record(domain, err);
}
