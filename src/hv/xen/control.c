/* What is done to running domains as a whole. */
#include "hv/xen/control.h"

#include "hv/xen/call.h"
#include "hv/xen/create.h"
#include "hv/xen/hooks.h"
#include "hv/xen/machine.h"

#include <errno.h>
#include <libxl_utils.h>

#define KIB         1024
#define KIB_PER_MIB 1024

/* 0, or libxl's code. */
typedef int XenControlCall(libxl_ctx *ctx, uint32_t domid, const void *value);

static bool xen_control_reset(XenDomain *domain, Err **err);
static bool xen_control_do(Hv *hv, Uuid uuid, XenControlCall *call, const void *value,
                           const char *what, Err **err);
static int xen_control_do_memory(libxl_ctx *ctx, uint32_t domid, const void *bytes);
static int xen_control_do_sysrq(libxl_ctx *ctx, uint32_t domid, const void *key);
static bool xen_control_may_run(XenDomain *domain, Err **err);
static bool xen_control_is_saved(XenDomain *domain, uint32_t domid);
static bool xen_control_resume(XenDomain *domain, Op *op, uint32_t domid, Err **err);

bool xen_control_set_paused(Hv *hv, Op *op, Uuid uuid, bool paused, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain || (!paused && !xen_control_may_run(domain, err)) ||
        !block_guest_take_control(&domain->block, op, err)) {
        return false;
    }
    bool done = xen_control_pause(domain, op, paused, err);
    block_guest_leave_control(&domain->block);
    return done;
}

bool xen_control_pause(XenDomain *domain, Op *op, bool paused, Err **err)
{
    Hv *hv = domain->hv;
    uint32_t domid = xen_domain_domid(domain);
    if (xen_control_is_saved(domain, domid)) {
        return paused || xen_control_resume(domain, op, domid, err);
    }
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    int code = libxl_domain_info(hv->ctx, &info, domid);
    bool is_paused = info.paused;
    libxl_dominfo_dispose(&info);
    if (code != 0) {
        return xen_message_fail(&hv->messages, domid, code, "examine", domain->name, err);
    }
    /* Xen counts pauses; we want one of them at most. */
    if (is_paused == paused) {
        return true;
    }
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    const libxl_asyncop_how *how = xen_call_how(call);
    return paused
               ? xen_call_wait(call, op, libxl_domain_pause(hv->ctx, domid, how), "pause", err)
               : xen_call_wait(call, op, libxl_domain_unpause(hv->ctx, domid, how), "unpause", err);
}

/* libxl writes control/shutdown, which the guest acknowledges by taking it away.  One that has no
 * driver for that has a power button at least, if it is an HVM guest. */
bool xen_control_shutdown(Hv *hv, Op *op, Uuid uuid, HvShutdownMode mode, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    uint32_t domid = xen_domain_domid(domain);
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    const libxl_asyncop_how *how = xen_call_how(call);
    int started = mode == HV_SHUTDOWN_REBOOT ? libxl_domain_reboot(hv->ctx, domid, how)
                                             : libxl_domain_shutdown(hv->ctx, domid, how);
    int code;
    if (!xen_call_finish(call, op, started, &code, err)) {
        return false;
    }
    if (code != ERROR_NOPARAVIRT) {
        return code == 0 ||
               xen_message_fail(&hv->messages, domid, code, "shut down", domain->name, err);
    }
    return xen_control_trigger(
        hv, op, uuid, mode == HV_SHUTDOWN_REBOOT ? HV_TRIGGER_RESET : HV_TRIGGER_POWER, err);
}

bool xen_control_destroy(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_find(hv, uuid);
    if (!domain) {
        return true;
    }
    uint32_t domid;
    {
        LOCK_GUARD(&domain->lock);
        domain->destroyed = true;
        domid = domain->record->domid;
    }
    if (!xen_create_end(hv, op, domid, domain->name, err)) {
        return false;
    }
    xen_domain_leave(domain);
    return true;
}

bool xen_control_set_memory(Hv *hv, Op *op, Uuid uuid, uint64_t bytes, Err **err)
{
    (void)op;
    return xen_control_do(hv, uuid, xen_control_do_memory, &bytes, "set the memory of", err);
}

bool xen_control_set_vcpus(Hv *hv, Op *op, Uuid uuid, unsigned vcpus, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    unsigned before;
    {
        LOCK_GUARD(&domain->lock);
        if (vcpus == 0 || vcpus > domain->record->vcpus_max) {
            return err_internal(err, "domain %s cannot have %u vCPUs, but 1 to %u", domain->name,
                                vcpus, domain->record->vcpus_max);
        }
        before = domain->record->vcpus;
        /* libxl would do nothing and call it done. */
        if (domain->record->kind == HV_KIND_HVM && vcpus < before) {
            return err_internal(err,
                                "domain %s keeps its %u vCPUs: none can be unplugged from an "
                                "emulated machine",
                                domain->name, before);
        }
        domain->record->vcpus = vcpus;
    }
    uint32_t domid = xen_domain_domid(domain);
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    libxl_bitmap online;
    libxl_bitmap_init(&online);
    int code = libxl_cpu_bitmap_alloc(hv->ctx, &online, (int)domain->record->vcpus_max);
    for (unsigned i = 0; i < vcpus && code == 0; i++) {
        libxl_bitmap_set(&online, (int)i);
    }
    const libxl_asyncop_how *how = xen_call_how(call);
    bool done = xen_call_wait(call, op,
                              code == 0 ? libxl_set_vcpuonline(hv->ctx, domid, &online, how) : code,
                              "set the vCPUs of", err);
    libxl_bitmap_dispose(&online);
    if (!done) {
        LOCK_GUARD(&domain->lock);
        domain->record->vcpus = before;
        return false;
    }
    return xen_domain_save_record(domain, err);
}

/* What has page tables of Xen's own has a pool for them, which is told in whole pages. */
bool xen_control_set_shadow(Hv *hv, Op *op, Uuid uuid, double multiplier, Err **err)
{
    (void)op;
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    uint64_t kib;
    {
        LOCK_GUARD(&domain->lock);
        const XenRecord *record = domain->record;
        if (record->kind == HV_KIND_PV) {
            return err_internal(err, "domain %s has no page tables but its own", domain->name);
        }
        kib = xen_machine_shadow_kib(record->memory_max_bytes, record->vcpus_max, multiplier);
    }
    uint64_t bytes = (kib + KIB_PER_MIB - 1) / KIB_PER_MIB * KIB_PER_MIB * KIB;
    return xc_set_paging_mempool_size(hv->control, xen_domain_domid(domain), bytes) == 0 ||
           err_errno(err, errno, "cannot set the memory for page tables of domain %s",
                     domain->name);
}

/* To the kernel of a paravirtual guest it comes by control/sysrq. */
bool xen_control_sysrq(Hv *hv, Op *op, Uuid uuid, char key, Err **err)
{
    (void)op;
    return xen_control_do(hv, uuid, xen_control_do_sysrq, &key, "send SysRq to", err);
}

bool xen_control_trigger(Hv *hv, Op *op, Uuid uuid, HvTrigger trigger, Err **err)
{
    static const struct {
        HvTrigger trigger;
        libxl_trigger libxl;
    } triggers[] = {
        {HV_TRIGGER_NMI, LIBXL_TRIGGER_NMI},
        {HV_TRIGGER_POWER, LIBXL_TRIGGER_POWER},
        {HV_TRIGGER_SLEEP, LIBXL_TRIGGER_SLEEP},
        {HV_TRIGGER_WAKE, LIBXL_TRIGGER_S3RESUME},
    };
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    if (trigger == HV_TRIGGER_RESET) {
        return xen_control_reset(domain, err);
    }
    if (trigger != HV_TRIGGER_NMI && domain->record->kind != HV_KIND_HVM) {
        return err_internal(err, "domain %s is no HVM guest: it has no buttons", domain->name);
    }
    uint32_t domid = xen_domain_domid(domain);
    libxl_trigger number = LIBXL_TRIGGER_UNKNOWN;
    for (unsigned i = 0; i < G_N_ELEMENTS(triggers); i++) {
        number = triggers[i].trigger == trigger ? triggers[i].libxl : number;
    }
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    return xen_call_wait(
        call, op, libxl_send_trigger(hv->ctx, domid, number, 0, xen_call_how(call)), "nudge", err);
}

/* Xen knows libxl's trigger of that name on no x86. */
static bool xen_control_reset(XenDomain *domain, Err **err)
{
    uint32_t domid = xen_domain_domid(domain);
    return xc_domain_shutdown(domain->hv->control, domid, SHUTDOWN_reboot) == 0 ||
           err_errno(err, errno, "cannot reset domain %s", domain->name);
}

/* For what libxl does at once. */
static bool xen_control_do(Hv *hv, Uuid uuid, XenControlCall *call, const void *value,
                           const char *what, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    uint32_t domid = xen_domain_domid(domain);
    xen_message_forget(&hv->messages, domid);
    int code = call(hv->ctx, domid, value);
    return code == 0 || xen_message_fail(&hv->messages, domid, code, what, domain->name, err);
}

static int xen_control_do_memory(libxl_ctx *ctx, uint32_t domid, const void *bytes)
{
    return libxl_set_memory_target(ctx, domid, (int64_t)(*(const uint64_t *)bytes / KIB), 0, 1);
}

static int xen_control_do_sysrq(libxl_ctx *ctx, uint32_t domid, const void *key)
{
    return libxl_send_sysrq(ctx, domid, *(const char *)key);
}

/* Not one that is on its way: it has let its disks go. */
static bool xen_control_may_run(XenDomain *domain, Err **err)
{
    HvPassageState passage = xen_domain_passage(domain);
    if (passage == HV_PASSAGE_GIVEN) {
        return err_internal(err, "domain %s was given away", domain->name);
    }
    if (passage == HV_PASSAGE_SENDING && xen_control_is_saved(domain, xen_domain_domid(domain))) {
        return err_internal(err, "domain %s is on its way", domain->name);
    }
    return true;
}

/* It suspended itself for domain_save() and waits for either end. */
static bool xen_control_is_saved(XenDomain *domain, uint32_t domid)
{
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    bool saved = libxl_domain_info(domain->hv->ctx, &info, domid) == 0 && info.shutdown &&
                 info.shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND;
    libxl_dominfo_dispose(&info);
    return saved;
}

/* To the guest it looks as if its wish to suspend had been refused. */
static bool xen_control_resume(XenDomain *domain, Op *op, uint32_t domid, Err **err)
{
    g_autoptr(XenCall) call = xen_call_new(domain->hv, domid, domain->name);
    xen_domain_unwatch(domain);
    bool done =
        xen_call_wait(call, op, libxl_domain_resume(domain->hv->ctx, domid, 1, xen_call_how(call)),
                      "resume", err);
    return xen_domain_watch(domain, done ? err : NULL) && done;
}
