/* Building a domain.
 *
 * The order makes every line a safe last one: folder and record exist before the domain does, so
 * that open() finds either a complete domain to adopt or one to end; and the guest does not run
 * before domain_set_paused(). */
#include "hv/xen/create.h"

#include "base/fd.h"
#include "base/log.h"
#include "hv/statefile.h"
#include "hv/stream.h"
#include "hv/xen/block.h"
#include "hv/xen/call.h"
#include "hv/xen/config.h"
#include "hv/xen/guest.h"
#include "hv/xen/hooks.h"
#include "hv/xen/monitor.h"
#include "hv/xen/store.h"

#include <errno.h>
#include <libxl_utils.h>
#include <sys/socket.h>

#define CREATE_UNDO_LIMIT (120 * USEC_PER_SEC)
#define STREAM_VERSION    2 /* of what libxl_domain_suspend() writes */

/* Where libxl has the device model write, afresh at each start. */
#define DEVICE_MODEL_LOG     "/var/log/xen/qemu-dm-%s.log"
#define DEVICE_MODEL_LOG_MAX ((size_t)64 * 1024)

static bool xen_create_check_file(const char *path, Err **err);
static bool xen_create_build(XenDomain *domain, Op *op, const HvDomainConfig *config,
                             uint32_t *ret_domid, Err **err);
static bool xen_create_new(XenDomain *domain, Op *op, libxl_domain_config *build, uint32_t *domid,
                           const HvDomainConfig *config, Err **err);
static bool xen_create_saved(XenDomain *domain, Op *op, const HvDomainConfig *config,
                             uint32_t *domid, Err **err);
static bool xen_create_drain(void *file, Op *op, int to, Err **err);
static bool xen_create_restore(XenDomain *domain, Op *op, libxl_domain_config *build,
                               uint32_t *domid, XenCreateFeed feed, void *user, Err **err);
static bool xen_create_explain(XenDomain *domain, const HvDomainConfig *config, uint32_t domid,
                               int code, Err **err);
static char *xen_create_last_words(const char *name);

bool xen_create_domain(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err)
{
    if (!xen_create_check(config, err)) {
        return false;
    }
    g_autoptr(XenDomain) domain = xen_domain_new(hv, xen_record_new(config), err);
    if (!domain) {
        return false;
    }
    uint32_t domid = INVALID_DOMID;
    if (!xen_domain_save_record(domain, err) ||
        !xen_create_build(domain, op, config, &domid, err) ||
        !xen_create_take_over(domain, op, config, err) ||
        !xen_create_finish(domain, config, domid, err)) {
        xen_create_undo(domain, domid);
        return false;
    }
    *ret_domid = (int)domid;
    return true;
}

bool xen_create_check(const HvDomainConfig *config, Err **err)
{
    if (config->kind != HV_KIND_HVM && !config->kernel && !config->bootloader) {
        return err_set(err, "BOOTLOADER_FAILED", "", "neither a kernel nor a boot loader is named");
    }
    return config->firmware != HV_FIRMWARE_DIRECT_KERNEL ||
           (xen_create_check_file(config->kernel, err) &&
            (!config->ramdisk || xen_create_check_file(config->ramdisk, err)));
}

bool xen_create_from(XenDomain *domain, Op *op, const HvDomainConfig *config, const char *name,
                     XenCreateFeed feed, void *user, uint32_t *domid, Err **err)
{
    const XenPlaces places = {domain->dir, domain->hv->vif_script};
    libxl_domain_config build;
    if (!xen_config_build(config, domain->record, &places, &build, err)) {
        return false;
    }
    g_free(build.c_info.name);
    build.c_info.name = g_strdup(name);
    bool done = xen_create_restore(domain, op, &build, domid, feed, user, err);
    libxl_domain_config_dispose(&build);
    return done;
}

bool xen_create_take_over(XenDomain *domain, Op *op, const HvDomainConfig *config, Err **err)
{
    xen_monitor_connect(domain);
    for (unsigned i = 0; i < config->disk_count; i++) {
        if (!xen_block_take_over(domain, op, &config->disks[i], err)) {
            return false;
        }
    }
    return true;
}

bool xen_create_finish(XenDomain *domain, const HvDomainConfig *config, uint32_t domid, Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        domain->record->domid = domid;
    }
    /* Once the record is there, the domain counts. */
    if (!xen_domain_watch(domain, err) || !xen_store_begin(domain, config->store_data, err) ||
        !xen_domain_save_record(domain, err)) {
        return false;
    }
    {
        LOCK_GUARD(&domain->lock);
        domain->ready = true;
    }
    xen_guest_open_control(domain);
    xen_guest_watch(domain);
    return true;
}

void xen_create_undo(XenDomain *domain, uint32_t domid)
{
    g_autoptr(Op) op = op_new(CREATE_UNDO_LIMIT);
    g_autoptr(Err) err = NULL;
    if (domid != (uint32_t)INVALID_DOMID &&
        !xen_create_end(domain->hv, op, domid, domain->name, &err)) {
        log_error("domain %s is left half built: %s", domain->name, err->params[0]);
    }
    xen_domain_leave(domain);
}

bool xen_create_end(Hv *hv, Op *op, uint32_t domid, const char *name, Err **err)
{
    g_autoptr(XenCall) call = xen_call_new(hv, domid, name);
    int code;
    if (!xen_call_finish(call, op, libxl_domain_destroy(hv->ctx, domid, xen_call_how(call)), &code,
                         err)) {
        return false;
    }
    return code == 0 || code == ERROR_DOMAIN_NOTFOUND ||
           libxl_domain_info(hv->ctx, NULL, domid) == ERROR_DOMAIN_NOTFOUND ||
           xen_message_fail(&hv->messages, domid, code, "destroy", name, err);
}

static bool xen_create_check_file(const char *path, Err **err)
{
    if (path && access(path, R_OK) == 0) {
        return true;
    }
    g_autofree char *text =
        g_strdup_printf("cannot open the kernel or ramdisk %s: %s", path, g_strerror(errno));
    return err_set(err, "BOOTLOADER_FAILED", "", text);
}

static bool xen_create_build(XenDomain *domain, Op *op, const HvDomainConfig *config,
                             uint32_t *ret_domid, Err **err)
{
    if (config->saved) {
        return xen_create_saved(domain, op, config, ret_domid, err);
    }
    const XenPlaces places = {domain->dir, domain->hv->vif_script};
    libxl_domain_config build;
    if (!xen_config_build(config, domain->record, &places, &build, err)) {
        return false;
    }
    bool done = xen_create_new(domain, op, &build, ret_domid, config, err);
    libxl_domain_config_dispose(&build);
    return done;
}

static bool xen_create_new(XenDomain *domain, Op *op, libxl_domain_config *build, uint32_t *domid,
                           const HvDomainConfig *config, Err **err)
{
    Hv *hv = domain->hv;
    g_autoptr(XenCall) call = xen_call_new(hv, *domid, domain->name);
    int started = libxl_domain_create_new(hv->ctx, build, domid, xen_call_how(call), NULL);
    int code;
    return xen_call_finish(call, op, started, &code, err) &&
           (code == 0 || xen_create_explain(domain, config, *domid, code, err));
}

static bool xen_create_saved(XenDomain *domain, Op *op, const HvDomainConfig *config,
                             uint32_t *domid, Err **err)
{
    g_autoptr(HvStateFile) file =
        hv_statefile_open(domain->hv->run_dir, op, config->saved, false, domain->name, err);
    return file && hv_statefile_check(file, op, err) &&
           xen_create_from(domain, op, config, domain->name, xen_create_drain, file, domid, err);
}

static bool xen_create_drain(void *file, Op *op, int to, Err **err)
{
    return hv_statefile_drain(file, op, to, err);
}

/* libxl reads one end of a socket pair while this thread feeds the other. */
static bool xen_create_restore(XenDomain *domain, Op *op, libxl_domain_config *build,
                               uint32_t *domid, XenCreateFeed feed, void *user, Err **err)
{
    Hv *hv = domain->hv;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return err_errno(err, errno, "cannot create a socket for a domain's state");
    }
    auto_fd ours = pair[0];
    auto_fd theirs = pair[1];
    libxl_domain_restore_params params;
    libxl_domain_restore_params_init(&params);
    params.stream_version = STREAM_VERSION;
    g_autoptr(XenCall) call = xen_call_new(hv, *domid, domain->name);
    xen_call_shut_at_end(call, theirs);
    int started = libxl_domain_create_restore(hv->ctx, build, domid, theirs, -1, &params,
                                              xen_call_how(call), NULL);
    g_autoptr(Err) why = NULL;
    bool fed = started == 0 && feed(user, op, ours, &why);
    fd_close(&ours); /* the end of the stream, or of the patience with it */
    int code;
    bool ended = xen_call_finish(call, op, started, &code, err);
    libxl_domain_restore_params_dispose(&params);
    if (!ended) {
        return false;
    }
    /* Where libxl gave up, its reason is better than that of the broken socket. */
    if (code != 0) {
        return xen_message_fail(&hv->messages, *domid, code, "resume", domain->name, err);
    }
    return fed || err_propagate(err, g_steal_pointer(&why));
}

/* A kernel that is none, or a boot loader that finds none, is the VM's fault and not the host's.
 * The library that reads kernels names no domain in what it says. */
static bool xen_create_explain(XenDomain *domain, const HvDomainConfig *config, uint32_t domid,
                               int code, Err **err)
{
    XenMessages *messages = &domain->hv->messages;
    g_autofree char *text = xen_message_take(messages, XEN_MESSAGE_NO_DOMAIN);
    if (text && config->kind != HV_KIND_HVM && (strstr(text, "xc_dom_") || config->bootloader)) {
        return err_set(err, "BOOTLOADER_FAILED", "", text);
    }
    g_autofree char *words =
        config->kind == HV_KIND_HVM && config->kernel ? xen_create_last_words(domain->name) : NULL;
    if (words && (strstr(words, "kernel") || strstr(words, "initrd"))) {
        return err_set(err, "BOOTLOADER_FAILED", "", words);
    }
    return xen_message_fail(messages, domid, code, "build", domain->name, err);
}

/* The device model loads the kernel of an HVM guest, and says in its log alone that it cannot. */
static char *xen_create_last_words(const char *name)
{
    g_autofree char *path = g_strdup_printf(DEVICE_MODEL_LOG, name);
    g_autofree char *text = fd_read_file(path, DEVICE_MODEL_LOG_MAX, NULL, NULL);
    const char *line = text ? strrchr(g_strchomp(text), '\n') : NULL;
    return text ? g_utf8_make_valid(line ? line + 1 : text, -1) : NULL;
}
