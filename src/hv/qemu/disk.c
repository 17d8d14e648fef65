/* Disks and CD drives of a running domain. */
#include "hv/block/chain.h"
#include "hv/block/merge.h"
#include "hv/block/mirror.h"
#include "hv/block/snapshot.h"
#include "hv/qemu/device.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/hotplug.h"

static BlockDisk *qemu_disk_get(const QemuDomain *domain, const char *disk_id, Err **err);
static bool qemu_disk_attach(QemuDomain *domain, Op *op, BlockDisk *disk, const HvDisk *config,
                             Err **err);
static void qemu_disk_forget(QemuDomain *domain, Op *op, BlockDisk *disk);
static bool qemu_disk_replace_medium(QemuDomain *domain, Op *op, BlockDisk *disk,
                                     const HvImage *image, Err **err);
static bool qemu_disk_tray(QemuDomain *domain, Op *op, const char *command, const char *device,
                           Err **err);
static bool qemu_disk_insert(QemuDomain *domain, Op *op, const char *device, const char *node,
                             Err **err);
static void qemu_disk_set_moving(QemuDomain *domain, const char *disk_id);

bool qemu_disk_plug(Hv *hv, Op *op, Uuid uuid, const HvDisk *config, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain || !qemu_device_check_disk(config, err)) {
        return false;
    }
    if (config->is_cd) {
        return hv_unsupported("qemu", "plug a CD drive into a running domain", err);
    }
    BlockDisk *same = block_disk_find(domain->record->disks, config->id);
    bool deleted = qemu_hotplug_take_deleted(domain, config->id, qemu_device_disk_id);
    if (same && !deleted) {
        return true;
    }
    if (same) {
        qemu_disk_forget(domain, op, same);
    }
    if (block_disk_at(domain->record->disks, config->position)) {
        return err_internal(err, "disk %s: position %u of domain %s is taken", config->id,
                            config->position, domain->name);
    }
    BlockDisk *disk;
    {
        LOCK_GUARD(&domain->lock);
        disk = qemu_record_add_disk(domain->record, config);
    }
    if (!qemu_disk_attach(domain, op, disk, config, err)) {
        qemu_disk_forget(domain, op, disk);
        return false;
    }
    return true;
}

bool qemu_disk_unplug(Hv *hv, Op *op, Uuid uuid, const char *disk_id, bool force, Err **err)
{
    /* QEMU knows no way to take a device from a guest that holds on to it. */
    (void)force;
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    BlockDisk *disk = block_disk_find(domain->record->disks, disk_id);
    if (!disk) {
        return true;
    }
    if (disk->is_cd) {
        return hv_unsupported("qemu", "unplug a CD drive from a running domain", err);
    }
    g_autofree char *device = qemu_device_disk_id(disk_id);
    if (!qemu_hotplug_remove(domain, op, device, "VBD", disk_id, err)) {
        return false;
    }
    qemu_disk_forget(domain, op, disk);
    return true;
}

bool qemu_disk_change_cd(Hv *hv, Op *op, Uuid uuid, const char *disk_id, const HvImage *image,
                         Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    BlockDisk *disk = domain ? qemu_disk_get(domain, disk_id, err) : NULL;
    if (!disk) {
        return false;
    }
    if (!disk->is_cd) {
        return err_internal(err, "disk %s of domain %s is no CD drive", disk_id, domain->name);
    }
    /* The trays that we move must not look like the guest's doing. */
    qemu_disk_set_moving(domain, disk_id);
    bool done = qemu_disk_replace_medium(domain, op, disk, image, err);
    qemu_disk_set_moving(domain, NULL);
    return done;
}

bool qemu_disk_snapshot(Hv *hv, Op *op, Uuid uuid, const char *const *disk_ids,
                        const HvImage *overlays, unsigned count, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    return domain && block_snapshot_disks(&domain->block, op, disk_ids, overlays, count, err);
}

bool qemu_disk_resize(Hv *hv, Op *op, Uuid uuid, const char *disk_id, uint64_t bytes, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    return domain && block_snapshot_resize(&domain->block, op, disk_id, bytes, err);
}

bool qemu_disk_merge(Hv *hv, Op *op, Uuid uuid, const HvMerge *merge, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    return domain && block_merge_disk(&domain->block, op, merge, err);
}

bool qemu_disk_mirror(Hv *hv, Op *op, Uuid uuid, const HvMirror *mirror, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    return domain && block_mirror_disk(&domain->block, op, mirror, err);
}

bool qemu_disk_mirror_settle(Hv *hv, Op *op, Uuid uuid, const char *disk_id, const char *target,
                             Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    return domain && block_mirror_settle(&domain->block, op, disk_id, target, err);
}

static BlockDisk *qemu_disk_get(const QemuDomain *domain, const char *disk_id, Err **err)
{
    BlockDisk *disk = block_disk_find(domain->record->disks, disk_id);
    if (!disk) {
        err_internal(err, "domain %s has no disk %s", domain->name, disk_id);
    }
    return disk;
}

static bool qemu_disk_attach(QemuDomain *domain, Op *op, BlockDisk *disk, const HvDisk *config,
                             Err **err)
{
    if (!block_chain_add(&domain->block, op, disk, config->images, config->image_count, err)) {
        return false;
    }
    Value *device = qemu_device_disk(disk, block_disk_top_node(disk), 0);
    return qmp_call(domain->qmp, op, "device_add", device, NULL, err);
}

static void qemu_disk_forget(QemuDomain *domain, Op *op, BlockDisk *disk)
{
    block_chain_drop(&domain->block, op, disk, 0);
    {
        LOCK_GUARD(&domain->lock);
        block_disk_remove(domain->record->disks, disk->id);
    }
    (void)qemu_domain_save_record(domain, NULL);
}

static bool qemu_disk_replace_medium(QemuDomain *domain, Op *op, BlockDisk *disk,
                                     const HvImage *image, Err **err)
{
    g_autofree char *device = qemu_device_disk_id(disk->id);
    if (!qemu_disk_tray(domain, op, "blockdev-open-tray", device, err) ||
        !qemu_disk_tray(domain, op, "blockdev-remove-medium", device, err)) {
        return false;
    }
    block_chain_drop(&domain->block, op, disk, 0);
    if (image && (!block_chain_add(&domain->block, op, disk, image, 1, err) ||
                  !qemu_disk_insert(domain, op, device, block_disk_top_node(disk), err))) {
        block_chain_drop(&domain->block, op, disk, 0);
        return false;
    }
    return qemu_disk_tray(domain, op, "blockdev-close-tray", device, err);
}

static bool qemu_disk_tray(QemuDomain *domain, Op *op, const char *command, const char *device,
                           Err **err)
{
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "id", value_new_string(device));
    if (g_str_equal(command, "blockdev-open-tray")) {
        /* Also when the guest has locked it. */
        value_struct_add_static(args, "force", value_new_bool(true));
    }
    return qmp_call(domain->qmp, op, command, args, NULL, err);
}

static bool qemu_disk_insert(QemuDomain *domain, Op *op, const char *device, const char *node,
                             Err **err)
{
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "id", value_new_string(device));
    value_struct_add_static(args, "node-name", value_new_string(node));
    return qmp_call(domain->qmp, op, "blockdev-insert-medium", args, NULL, err);
}

static void qemu_disk_set_moving(QemuDomain *domain, const char *disk_id)
{
    LOCK_GUARD(&domain->lock);
    g_free(domain->moving_tray);
    domain->moving_tray = g_strdup(disk_id);
}
