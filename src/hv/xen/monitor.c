/* A connection lives as long as the device model; its end is the end of the watch. */
#include "hv/xen/monitor.h"

#include "base/log.h"
#include "base/text.h"
#include "hv/block/job.h"
#include "hv/socket.h"
#include "hv/xen/config.h"

static void xen_monitor_on_input(void *user);
static void xen_monitor_on_event(void *user, const char *event, const Value *data);
static void xen_monitor_tell_error(XenDomain *domain, const Value *data);

void xen_monitor_connect(XenDomain *domain)
{
    g_autoptr(Err) err = NULL;
    int fd = hv_socket_connect(domain->dir, XEN_SOCKET_QMP, &err);
    if (fd < 0) {
        log_warn("nobody listens to the device model of %s: %s", domain->name, err->params[0]);
        return;
    }
    g_autofree char *name = g_strdup_printf("device model of %s", domain->name);
    domain->block.qmp = domain->qmp = qmp_new(fd, name, xen_monitor_on_event, domain);
    domain->qmp_watch = (HvWatch){fd, xen_monitor_on_input, domain};
    xen_domain_ref(domain); /* the event thread's */
    if (!hv_loop_add(domain->hv->own_loop, &domain->qmp_watch, &err)) {
        log_warn("%s", err->params[0]);
        xen_domain_unref(domain);
        return;
    }
    LOCK_GUARD(&domain->lock);
    domain->monitored = true;
}

Qmp *xen_monitor_get(XenDomain *domain, Err **err)
{
    LOCK_GUARD(&domain->lock);
    if (!domain->monitored) {
        err_internal(err, "domain %s has no device model that answers", domain->name);
        return NULL;
    }
    return domain->qmp;
}

void xen_monitor_release(XenDomain *domain)
{
    bool held;
    {
        LOCK_GUARD(&domain->lock);
        held = domain->monitored;
        domain->monitored = false;
    }
    if (held) {
        xen_domain_unref(domain);
    }
}

static void xen_monitor_on_input(void *user)
{
    XenDomain *domain = user;
    if (qmp_read(domain->qmp, NULL)) {
        return;
    }
    hv_loop_remove(domain->hv->own_loop, &domain->qmp_watch);
    qmp_shut(domain->qmp);
    block_guest_end(&domain->block);
    xen_monitor_release(domain);
}

static void xen_monitor_on_event(void *user, const char *event, const Value *data)
{
    XenDomain *domain = user;
    block_job_on_event(&domain->block, event, data);
    if (text_equal(event, "BLOCK_IO_ERROR")) {
        xen_monitor_tell_error(domain, data);
    }
}

static void xen_monitor_tell_error(XenDomain *domain, const Value *data)
{
    const HvEvents *events = &domain->hv->events;
    const char *node = data ? value_get_string(data, "node-name") : NULL;
    const char *text = data ? value_get_string(data, "reason") : NULL;
    g_autofree char *disk_id = NULL;
    {
        LOCK_GUARD(&domain->lock);
        const BlockDisk *disk = node ? block_disk_find_node(domain->record->disks, node) : NULL;
        disk_id = disk ? g_strdup(disk->id) : NULL;
    }
    if (disk_id && events->device_error) {
        events->device_error(events->user, domain->uuid, disk_id, text ? text : "I/O error");
    }
}
