/* A folder's record and what Xen has of the same uuid are compared. */
#include "hv/xen/adopt.h"

#include "base/log.h"
#include "hv/block/chain.h"
#include "hv/block/merge.h"
#include "hv/xen/block.h"
#include "hv/xen/create.h"
#include "hv/xen/device.h"
#include "hv/xen/guest.h"
#include "hv/xen/monitor.h"
#include "hv/xen/passage.h"

#include <libxl_utils.h>
#include <stdlib.h>

#define ADOPT_END_LIMIT   (120 * USEC_PER_SEC) /* for a domain that is half built */
#define ADOPT_BLOCK_LIMIT (30 * USEC_PER_SEC)  /* for QEMU to say what became of its work */

static void xen_adopt_one(Hv *hv, Uuid uuid);
static uint32_t xen_adopt_find(Hv *hv, const XenRecord *record);
static bool xen_adopt_is_meant(Hv *hv, const XenRecord *record, uint32_t domid);
static void xen_adopt_remove(XenDomain *domain, uint32_t domid);
static void xen_adopt_devices(XenDomain *domain, uint32_t domid);
static void xen_adopt_tell_end(XenDomain *domain, uint32_t domid);

bool xen_adopt_all(Hv *hv, Err **err)
{
    g_autoptr(GDir) entries = g_dir_open(hv->run_dir, 0, NULL);
    if (!entries) {
        return err_internal(err, "cannot look for running domains in %s", hv->run_dir);
    }
    const char *name;
    while ((name = g_dir_read_name(entries))) {
        Uuid uuid;
        if (uuid_parse(name, &uuid)) {
            xen_adopt_one(hv, uuid);
        }
    }
    return true;
}

/* The record is written before the domain is begun: a folder without one has never had a domain. */
static void xen_adopt_one(Hv *hv, Uuid uuid)
{
    g_autofree char *dir = g_build_filename(hv->run_dir, UUID_TEXT(uuid), NULL);
    XenRecord *record = xen_record_load(dir, NULL);
    if (!record || !uuid_equal(record->uuid, uuid)) {
        xen_record_free(record);
        xen_domain_remove_dir(dir);
        return;
    }
    uint32_t recorded = record->domid;
    uint32_t domid = xen_adopt_find(hv, record);
    g_autoptr(XenDomain) domain = xen_domain_new(hv, record, NULL);
    if (!domain) {
        return;
    }
    if (recorded == 0) {
        xen_adopt_remove(domain, domid);
        return;
    }
    {
        LOCK_GUARD(&domain->lock);
        domain->ready = true;
    }
    if (domid != recorded || !xen_domain_watch(domain, NULL)) {
        xen_domain_leave(domain);
        return;
    }
    xen_monitor_connect(domain);
    xen_adopt_devices(domain, domid);
    xen_guest_watch(domain);
    xen_passage_settle(domain);
    xen_adopt_tell_end(domain, domid);
}

/* The domain of that record, or INVALID_DOMID; one that is just going away is none. */
static uint32_t xen_adopt_find(Hv *hv, const XenRecord *record)
{
    int count = 0;
    uint32_t domid = (uint32_t)INVALID_DOMID;
    libxl_dominfo *list = libxl_list_domain(hv->ctx, &count);
    for (int i = 0; list && i < count; i++) {
        if (!list[i].dying &&
            memcmp(libxl_uuid_bytearray_const(&list[i].uuid), record->uuid.bytes,
                   sizeof record->uuid.bytes) == 0 &&
            xen_adopt_is_meant(hv, record, list[i].domid)) {
            domid = list[i].domid;
        }
    }
    libxl_dominfo_list_free(list, count);
    return domid;
}

/* Two domains have one uuid while one becomes the other on the same machine. */
static bool xen_adopt_is_meant(Hv *hv, const XenRecord *record, uint32_t domid)
{
    if (record->domid != 0) {
        return domid == record->domid;
    }
    char *name = libxl_domid_to_name(hv->ctx, domid);
    bool is_coming = name && g_str_has_suffix(name, XEN_PASSAGE_COMING);
    bool is_given = name && g_str_has_suffix(name, XEN_PASSAGE_GIVEN);
    bool has_none = !name;
    free(name);
    return record->passage == HV_PASSAGE_COMING ? is_coming || has_none : !is_coming && !is_given;
}

static void xen_adopt_remove(XenDomain *domain, uint32_t domid)
{
    g_autoptr(Op) op = op_new(ADOPT_END_LIMIT);
    g_autoptr(Err) err = NULL;
    if (domid != (uint32_t)INVALID_DOMID &&
        !xen_create_end(domain->hv, op, domid, domain->name, &err)) {
        log_error("domain %s was left half built and stays so: %s", domain->name, err->params[0]);
    }
    xen_domain_leave(domain);
}

/* The record may name a device whose plugging was cut short, or one that is unplugged. */
static void xen_adopt_devices(XenDomain *domain, uint32_t domid)
{
    int disk_count = 0, nic_count = 0;
    libxl_device_disk *disks = libxl_device_disk_list(domain->hv->ctx, domid, &disk_count);
    libxl_device_nic *nics = libxl_device_nic_list(domain->hv->ctx, domid, &nic_count);
    XenRecord *record = domain->record;
    g_autoptr(Op) op = op_new(ADOPT_BLOCK_LIMIT);
    for (unsigned i = record->disks->len; i-- > 0;) {
        const XenDisk *disk = g_ptr_array_index(record->disks, i);
        char vdev[XEN_VDEV_SIZE];
        bool there = disk->block.is_cd;
        for (int j = 0; j < disk_count && xen_device_vdev(disk->block.position, vdev, NULL); j++) {
            there |= g_strcmp0(disks[j].vdev, vdev) == 0;
        }
        if (!there) {
            xen_block_drop(domain, op, disk->block.id);
            xen_record_remove_disk(record, disk->block.id);
        }
    }
    for (unsigned i = record->nics->len; i-- > 0;) {
        const XenNic *nic = g_ptr_array_index(record->nics, i);
        bool there = false;
        for (int j = 0; j < nic_count; j++) {
            there |= nics[j].devid == (libxl_devid)nic->position;
        }
        if (!there) {
            xen_record_remove_nic(record, nic->id);
        }
    }
    if (domain->qmp) {
        block_merge_settle(&domain->block, op);
        block_chain_settle(&domain->block, op);
    }
    libxl_device_disk_list_free(disks, disk_count);
    libxl_device_nic_list_free(nics, nic_count);
}

static void xen_adopt_tell_end(XenDomain *domain, uint32_t domid)
{
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    HvExitReason reason;
    if (libxl_domain_info(domain->hv->ctx, &info, domid) == 0 && info.shutdown &&
        xen_domain_exit_of((int)info.shutdown_reason, &reason)) {
        xen_domain_tell_exit(domain, reason);
    }
    libxl_dominfo_dispose(&info);
}
