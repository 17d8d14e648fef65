/* Disks of running domains.  The record names a disk before Xen has it and until Xen has it no
 * more, so that one of a daemon that was killed between is found. */
#include "base/text.h"
#include "hv/xen/block.h"
#include "hv/xen/call.h"
#include "hv/xen/device.h"
#include "hv/xen/domain.h"
#include "hv/xen/guest.h"
#include "hv/xen/hooks.h"
#include "hv/xen/monitor.h"

#include <libxl_utils.h>

/* libxl gives a guest ten seconds; one that is busy needs more. */
#define DETACH_LIMIT (30 * USEC_PER_SEC)

static bool xen_disk_enter(XenDomain *domain, const HvDisk *disk, bool *ret_there, Err **err);
static void xen_disk_forget(XenDomain *domain, const char *disk_id);
static bool xen_disk_describe(XenDomain *domain, const char *disk_id, libxl_device_disk *ret_disk,
                              Err **err);
static bool xen_disk_look_up(XenDomain *domain, const char *disk_id, libxl_device_disk *ret_disk,
                             Err **err);
static bool xen_disk_add(XenDomain *domain, Op *op, const char *disk_id, Err **err);
static bool xen_disk_remove(XenDomain *domain, Op *op, const char *disk_id, bool force, Err **err);
static void xen_disk_settle(XenDomain *domain, Op *op, const char *disk_id);
static bool xen_disk_stands_still(XenDomain *domain);
static bool xen_disk_try_remove(XenDomain *domain, Op *op, libxl_device_disk *disk, bool force,
                                int *ret_code, Err **err);
static bool xen_disk_set_medium(XenDomain *domain, const char *disk_id, const HvImage *image,
                                bool *ret_had, Err **err);
static bool xen_disk_turn_medium(XenDomain *domain, Op *op, const char *disk_id,
                                 const HvImage *image, Err **err);

bool xen_disk_plug(Hv *hv, Op *op, Uuid uuid, const HvDisk *disk, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    bool there;
    if (!domain || !xen_disk_enter(domain, disk, &there, err)) {
        return false;
    }
    if (there) {
        return true;
    }
    if (!xen_domain_save_record(domain, err) || !xen_disk_add(domain, op, disk->id, err)) {
        xen_disk_forget(domain, disk->id);
        (void)xen_domain_save_record(domain, NULL);
        return false;
    }
    if (!xen_block_take_over(domain, op, disk, err)) {
        (void)xen_disk_unplug(hv, op, uuid, disk->id, true, NULL);
        return false;
    }
    return true;
}

bool xen_disk_unplug(Hv *hv, Op *op, Uuid uuid, const char *disk_id, bool force, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    {
        LOCK_GUARD(&domain->lock);
        if (!xen_record_find_disk(domain->record, disk_id)) {
            return true;
        }
    }
    if (!xen_disk_remove(domain, op, disk_id, force, err)) {
        return false;
    }
    xen_block_drop(domain, op, disk_id);
    xen_disk_forget(domain, disk_id);
    return xen_domain_save_record(domain, err);
}

/* A drive of an HVM guest stays while its medium changes; to others a medium is a disk that comes
 * and goes. */
bool xen_disk_change_cd(Hv *hv, Op *op, Uuid uuid, const char *disk_id, const HvImage *image,
                        Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    HvKind kind;
    bool had;
    {
        LOCK_GUARD(&domain->lock);
        const XenDisk *disk = xen_record_find_disk(domain->record, disk_id);
        kind = domain->record->kind;
        had = disk && disk->path;
        if (disk && disk->block.is_cd && text_equal(disk->path, image ? image->path : NULL)) {
            return true;
        }
    }
    if (kind != HV_KIND_HVM && had && !xen_disk_remove(domain, op, disk_id, false, err)) {
        return false;
    }
    if (!xen_disk_set_medium(domain, disk_id, image, &had, err) ||
        !xen_domain_save_record(domain, err)) {
        return false;
    }
    bool done = kind == HV_KIND_HVM ? xen_disk_turn_medium(domain, op, disk_id, image, err)
                                    : !image || xen_disk_add(domain, op, disk_id, err);
    if (!done && image) {
        (void)xen_disk_set_medium(domain, disk_id, NULL, &had, NULL);
        (void)xen_domain_save_record(domain, NULL);
    }
    return done;
}

static bool xen_disk_enter(XenDomain *domain, const HvDisk *disk, bool *ret_there, Err **err)
{
    LOCK_GUARD(&domain->lock);
    *ret_there = xen_record_find_disk(domain->record, disk->id) != NULL;
    if (*ret_there) {
        return true;
    }
    if (xen_record_disk_at(domain->record, disk->position)) {
        return err_internal(err, "domain %s has a disk at place %u already", domain->name,
                            disk->position);
    }
    if (disk->is_cd || disk->image_count == 0) {
        return err_internal(err, "disk %s cannot be plugged: it is a drive or has no image",
                            disk->id);
    }
    xen_record_add_disk(domain->record, disk);
    return true;
}

static void xen_disk_forget(XenDomain *domain, const char *disk_id)
{
    LOCK_GUARD(&domain->lock);
    xen_record_remove_disk(domain->record, disk_id);
}

static bool xen_disk_describe(XenDomain *domain, const char *disk_id, libxl_device_disk *ret_disk,
                              Err **err)
{
    LOCK_GUARD(&domain->lock);
    const XenDisk *disk = xen_record_find_disk(domain->record, disk_id);
    return disk ? xen_device_disk(disk, ret_disk, err)
                : err_internal(err, "domain %s has no disk %s", domain->name, disk_id);
}

/* As Xen knows it: what it was given for the leaf may have another name by now. */
static bool xen_disk_look_up(XenDomain *domain, const char *disk_id, libxl_device_disk *ret_disk,
                             Err **err)
{
    char vdev[XEN_VDEV_SIZE];
    LOCK_GUARD(&domain->lock);
    const XenDisk *disk = xen_record_find_disk(domain->record, disk_id);
    return (disk && xen_device_vdev(disk->block.position, vdev, NULL) &&
            libxl_vdev_to_device_disk(domain->hv->ctx, domain->record->domid, vdev, ret_disk) ==
                0) ||
           err_internal(err, "domain %s has no disk %s", domain->name, disk_id);
}

static bool xen_disk_add(XenDomain *domain, Op *op, const char *disk_id, Err **err)
{
    libxl_device_disk disk;
    if (!xen_disk_describe(domain, disk_id, &disk, err)) {
        return false;
    }
    uint32_t domid = xen_domain_domid(domain);
    g_autoptr(XenCall) call = xen_call_new(domain->hv, domid, domain->name);
    bool done = xen_call_wait(
        call, op, libxl_device_disk_add(domain->hv->ctx, domid, &disk, xen_call_how(call)),
        "plug a disk into", err);
    libxl_device_disk_dispose(&disk);
    return done;
}

static bool xen_disk_remove(XenDomain *domain, Op *op, const char *disk_id, bool force, Err **err)
{
    libxl_device_disk disk;
    if (!xen_disk_look_up(domain, disk_id, &disk, err)) {
        return false;
    }
    xen_disk_settle(domain, op, disk_id);
    Usec end = op_now() + DETACH_LIMIT;
    int code = ERROR_TIMEDOUT;
    bool ended = true;
    /* From a guest that stands still libxl takes a disk of QEMU's without waiting for it. */
    while ((force || !xen_disk_stands_still(domain)) && ended && code == ERROR_TIMEDOUT &&
           op_now() < end) {
        ended = xen_disk_try_remove(domain, op, &disk, force, &code, err);
    }
    libxl_device_disk_dispose(&disk);
    if (!ended) {
        return false;
    }
    if (code == ERROR_TIMEDOUT) {
        return err_set(err, "DEVICE_DETACH_TIMEOUT", "VBD", disk_id);
    }
    return code == 0 || xen_message_fail(&domain->hv->messages, xen_domain_domid(domain), code,
                                         "unplug a disk from", domain->name, err);
}

static void xen_disk_settle(XenDomain *domain, Op *op, const char *disk_id)
{
    unsigned number = 0;
    {
        LOCK_GUARD(&domain->lock);
        const XenDisk *disk = xen_record_find_disk(domain->record, disk_id);
        number = disk ? xen_device_number(disk->block.position) : 0;
    }
    g_autofree char *device = g_strdup_printf("vbd/%u", number);
    if (!xen_disk_stands_still(domain)) {
        xen_guest_await_device(domain, op, device);
    }
}

static bool xen_disk_stands_still(XenDomain *domain)
{
    HvDomainInfo info;
    return xen_info_domain(domain->hv, domain->uuid, &info, NULL) && info.state == HV_STATE_PAUSED;
}

static bool xen_disk_try_remove(XenDomain *domain, Op *op, libxl_device_disk *disk, bool force,
                                int *ret_code, Err **err)
{
    libxl_ctx *ctx = domain->hv->ctx;
    uint32_t domid = xen_domain_domid(domain);
    g_autoptr(XenCall) call = xen_call_new(domain->hv, domid, domain->name);
    const libxl_asyncop_how *how = xen_call_how(call);
    int started = force ? libxl_device_disk_destroy(ctx, domid, disk, how)
                        : libxl_device_disk_safe_remove(ctx, domid, disk, how);
    return xen_call_finish(call, op, started, ret_code, err);
}

static bool xen_disk_set_medium(XenDomain *domain, const char *disk_id, const HvImage *image,
                                bool *ret_had, Err **err)
{
    LOCK_GUARD(&domain->lock);
    XenDisk *disk = xen_record_find_disk(domain->record, disk_id);
    if (!disk || !disk->block.is_cd) {
        return err_internal(err, "domain %s has no CD drive %s", domain->name, disk_id);
    }
    *ret_had = disk->path != NULL;
    xen_record_set_medium(disk, image);
    return true;
}

/* Not by libxl_cdrom_insert(): QEMU 7.2 crashes when that is done to a drive that is empty. */
static bool xen_disk_turn_medium(XenDomain *domain, Op *op, const char *disk_id,
                                 const HvImage *image, Err **err)
{
    Qmp *qmp = xen_monitor_get(domain, err);
    if (!qmp) {
        return false;
    }
    g_autofree char *drive = NULL;
    {
        LOCK_GUARD(&domain->lock);
        const XenDisk *disk = xen_record_find_disk(domain->record, disk_id);
        /* As libxl calls it. */
        drive = g_strdup_printf("ide-%u", xen_device_number(disk->block.position));
    }
    Value *args = value_new_struct(5);
    value_struct_add_static(args, "device", value_new_string(drive));
    value_struct_add_static(args, "force", value_new_bool(true));
    if (!image) {
        return qmp_call(qmp, op, "eject", args, NULL, err);
    }
    value_struct_add_static(args, "filename", value_new_string(image->path));
    value_struct_add_static(args, "format", value_new_string(image->format));
    value_struct_add_static(args, "read-only-mode", value_new_string("read-only"));
    return qmp_call(qmp, op, "blockdev-change-medium", args, NULL, err);
}
