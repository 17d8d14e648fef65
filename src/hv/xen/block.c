/* libxl has QEMU open images by their names, with their parents as the headers name them, and
 * without its locks.  Images change names while a guest runs, and the storage looks at the locks.
 * Before the guest sees a disk, QEMU is therefore handed the same images as descriptors.
 *
 * A guest is paused by Xen, which QEMU knows nothing of: requests that the guest had made before
 * are still done.  None of these is known to the guest as done, so that each may be in either of
 * two images when a power cut follows. */
#include "hv/xen/block.h"

#include "base/text.h"
#include "hv/block/chain.h"
#include "hv/block/merge.h"
#include "hv/block/mirror.h"
#include "hv/block/snapshot.h"
#include "hv/xen/control.h"
#include "hv/xen/device.h"
#include "hv/xen/guest.h"
#include "hv/xen/hooks.h"
#include "hv/xen/monitor.h"

/* How the device model reads and writes files; what else there is depends on how it was built. */
#define BLOCK_AIO "threads"
/* The emulated twins of an HVM guest's first disks, as libxl names them on either controller. */
#define TWIN_IDE  "ide0-hd"
#define TWIN_AHCI "ahcidisk-"

static bool xen_block_save(void *user, Err **err);
static bool xen_block_runs(void *user);
static bool xen_block_set_paused(void *user, Op *op, bool paused, Err **err);
static XenDomain *xen_block_get(Hv *hv, Op *op, Uuid uuid, const char *const *disk_ids,
                                unsigned count, Err **err);
static bool xen_block_check_twin(XenDomain *domain, Op *op, const char *disk_id, Err **err);
static Value *xen_block_drives(XenDomain *domain, Op *op, Err **err);
static char *xen_block_find_twin(const XenDomain *domain, const Value *drives, unsigned position);
static bool xen_block_has_device(const Value *drives, const char *device);
static bool xen_block_drop_twin(XenDomain *domain, Op *op, unsigned position, const char *twin,
                                bool *ret_gone, Err **err);
static bool xen_block_was_written(XenDomain *domain, Op *op, const char *device, bool *ret_written,
                                  Err **err);

void xen_block_begin(XenDomain *domain)
{
    static const BlockEngine engine = {xen_block_save, xen_block_runs, xen_block_set_paused};
    domain->block = (BlockGuest){
        .engine = &engine,
        .user = domain,
        .name = domain->name,
        .aio = BLOCK_AIO,
        .lock = &domain->lock,
        .changed = &domain->changed,
        .disks = domain->record->disks,
        .next_node = &domain->record->next_node,
    };
    block_guest_init(&domain->block);
}

bool xen_block_take_over(XenDomain *domain, Op *op, const HvDisk *config, Err **err)
{
    char vdev[XEN_VDEV_SIZE];
    if (config->is_cd || config->image_count == 0 || !domain->qmp ||
        !xen_device_vdev(config->position, vdev, NULL)) {
        return true;
    }
    g_autofree char *top = g_strdup_printf("%s-%s", vdev, config->images[0].format);
    g_autoptr(Value) drives = xen_block_drives(domain, op, err);
    if (!drives) {
        return false;
    }
    if (!block_chain_is_drive(drives, top)) {
        return true;
    }
    BlockDisk *disk = block_disk_find(domain->record->disks, config->id);
    g_autofree char *twin = xen_block_find_twin(domain, drives, config->position);
    return block_chain_take_over(&domain->block, op, disk, top, config->images, config->image_count,
                                 !twin, err);
}

void xen_block_drop(XenDomain *domain, Op *op, const char *disk_id)
{
    BlockDisk *disk = block_disk_find(domain->record->disks, disk_id);
    if (disk && disk->nodes->len > 0 && domain->qmp) {
        block_chain_drop(&domain->block, op, disk, 0);
    }
}

bool xen_block_snapshot(Hv *hv, Op *op, Uuid uuid, const char *const *disk_ids,
                        const HvImage *overlays, unsigned count, Err **err)
{
    g_autoptr(XenDomain) domain = xen_block_get(hv, op, uuid, disk_ids, count, err);
    return domain && block_snapshot_disks(&domain->block, op, disk_ids, overlays, count, err);
}

bool xen_block_resize(Hv *hv, Op *op, Uuid uuid, const char *disk_id, uint64_t bytes, Err **err)
{
    g_autoptr(XenDomain) domain = xen_block_get(hv, op, uuid, &disk_id, 1, err);
    return domain && block_snapshot_resize(&domain->block, op, disk_id, bytes, err);
}

bool xen_block_merge(Hv *hv, Op *op, Uuid uuid, const HvMerge *merge, Err **err)
{
    g_autoptr(XenDomain) domain = xen_block_get(hv, op, uuid, &merge->disk_id, 1, err);
    return domain && block_merge_disk(&domain->block, op, merge, err);
}

bool xen_block_mirror(Hv *hv, Op *op, Uuid uuid, const HvMirror *mirror, Err **err)
{
    g_autoptr(XenDomain) domain = xen_block_get(hv, op, uuid, &mirror->disk_id, 1, err);
    return domain && block_mirror_disk(&domain->block, op, mirror, err);
}

bool xen_block_mirror_settle(Hv *hv, Op *op, Uuid uuid, const char *disk_id, const char *target,
                             Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    return domain && block_mirror_settle(&domain->block, op, disk_id, target, err);
}

static bool xen_block_save(void *user, Err **err)
{
    return xen_domain_save_record(user, err);
}

static bool xen_block_runs(void *user)
{
    const XenDomain *domain = user;
    HvDomainInfo info;
    return xen_info_domain(domain->hv, domain->uuid, &info, NULL) && info.state == HV_STATE_RUNNING;
}

static bool xen_block_set_paused(void *user, Op *op, bool paused, Err **err)
{
    return xen_control_pause(user, op, paused, err);
}

/* The domain, when its QEMU serves all of these disks to the guest. (a reference) */
static XenDomain *xen_block_get(Hv *hv, Op *op, Uuid uuid, const char *const *disk_ids,
                                unsigned count, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain || !xen_monitor_get(domain, err)) {
        return NULL;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!xen_block_check_twin(domain, op, disk_ids[i], err)) {
            return NULL;
        }
    }
    return g_steal_pointer(&domain);
}

/* What a guest without drivers for Xen writes goes past the disk that we know. */
static bool xen_block_check_twin(XenDomain *domain, Op *op, const char *disk_id, Err **err)
{
    bool gone = false;
    const BlockDisk *disk = block_disk_find(domain->record->disks, disk_id);
    if (!disk || domain->record->kind != HV_KIND_HVM) {
        return true;
    }
    g_autoptr(Value) drives = xen_block_drives(domain, op, err);
    if (!drives) {
        return false;
    }
    g_autofree char *twin = xen_block_find_twin(domain, drives, disk->position);
    return (!twin || xen_block_drop_twin(domain, op, disk->position, twin, &gone, err)) &&
           (!twin || gone ||
            err_internal(err,
                         "disk %s of domain %s is used by its emulated controller: the guest has "
                         "no drivers for Xen, or not yet",
                         disk_id, domain->name));
}

/* What QEMU has of drives; NULL on failure. (owned) */
static Value *xen_block_drives(XenDomain *domain, Op *op, Err **err)
{
    Value *drives = NULL;
    return qmp_call(domain->qmp, op, "query-block", NULL, &drives, err) ? drives : NULL;
}

/* NULL where the disk has no twin, or none any more. (owned) */
static char *xen_block_find_twin(const XenDomain *domain, const Value *drives, unsigned position)
{
    static const char *const names[] = {TWIN_IDE, TWIN_AHCI};
    for (unsigned i = 0; domain->record->kind == HV_KIND_HVM && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = g_strdup_printf("%s%u", names[i], position);
        if (xen_block_has_device(drives, name)) {
            return g_steal_pointer(&name);
        }
    }
    return NULL;
}

static bool xen_block_has_device(const Value *drives, const char *device)
{
    for (unsigned i = 0; i < value_count(drives); i++) {
        if (text_equal(value_get_string(value_at(drives, i), "device"), device)) {
            return true;
        }
    }
    return false;
}

/* A guest's drivers for Xen have QEMU take IDE away; AHCI it knows not how to.  We take such a
 * twin's image when the guest has the disk by its drivers and has never written to the twin. */
static bool xen_block_drop_twin(XenDomain *domain, Op *op, unsigned position, const char *twin,
                                bool *ret_gone, Err **err)
{
    bool written;
    g_autofree char *device = g_strdup_printf("vbd/%u", xen_device_number(position));
    if (!g_str_has_prefix(twin, TWIN_AHCI) || !xen_guest_has_device(domain, device)) {
        return true;
    }
    if (!xen_block_was_written(domain, op, twin, &written, err)) {
        return false;
    }
    if (written) {
        return true;
    }
    /* Of QMP's own commands none does that to a device that the guest has. */
    g_autofree char *command = g_strdup_printf("drive_del %s", twin);
    Value *args = value_new_struct(1);
    value_struct_add(args, "command-line", value_new_string(command));
    if (!qmp_call(domain->qmp, op, "human-monitor-command", args, NULL, err)) {
        return false;
    }
    g_autoptr(Value) drives = xen_block_drives(domain, op, err);
    *ret_gone = drives && !xen_block_has_device(drives, twin);
    return drives != NULL;
}

static bool xen_block_was_written(XenDomain *domain, Op *op, const char *device, bool *ret_written,
                                  Err **err)
{
    g_autoptr(Value) drives = NULL;
    if (!qmp_call(domain->qmp, op, "query-blockstats", NULL, &drives, err)) {
        return false;
    }
    *ret_written = false;
    for (unsigned i = 0; i < value_count(drives); i++) {
        const Value *drive = value_at(drives, i);
        const Value *stats = value_get(drive, "stats");
        *ret_written |= text_equal(value_get_string(drive, "device"), device) &&
                        value_int(value_get(stats, "wr_operations")) != 0;
    }
    return true;
}
