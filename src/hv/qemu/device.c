/* Names, places and properties of disks and NICs.  Attaching them is cmdline.c, disk.c and
 * nic.c. */
#include "hv/qemu/device.h"

#define DISK_PREFIX     "disk-"
#define NIC_PREFIX      "nic-"
#define DISK_FIRST_SLOT 1
#define NIC_FIRST_SLOT  (DISK_FIRST_SLOT + QEMU_MAX_DISKS)
#define MAX_ID_LENGTH   64

static bool qemu_device_check_id(const char *kind, const char *id, Err **err);
static Value *qemu_device_new(const char *driver, char *id);
static void qemu_device_place(Value *device, unsigned slot);
static void qemu_device_add_boot_index(Value *device, unsigned boot_index);

char *qemu_device_disk_id(const char *id)
{
    return g_strconcat(DISK_PREFIX, id, NULL);
}

char *qemu_device_nic_id(const char *id)
{
    return g_strconcat(NIC_PREFIX, id, NULL);
}

char *qemu_device_netdev_id(unsigned position)
{
    return g_strdup_printf("net%u", position);
}

const char *qemu_device_disk_of(const char *device_id)
{
    return g_str_has_prefix(device_id, DISK_PREFIX) ? device_id + strlen(DISK_PREFIX) : NULL;
}

const char *qemu_device_id_of(const char *device_id)
{
    return g_str_has_prefix(device_id, NIC_PREFIX) ? device_id + strlen(NIC_PREFIX)
                                                   : qemu_device_disk_of(device_id);
}

bool qemu_device_check_disk(const HvDisk *disk, Err **err)
{
    if (disk->position >= QEMU_MAX_DISKS) {
        return err_internal(err, "disk %s: position %u is beyond the last one, %d", disk->id,
                            disk->position, QEMU_MAX_DISKS - 1);
    }
    if (disk->image_count == 0 && !disk->is_cd) {
        return err_internal(err, "disk %s has no image; only a CD drive may be empty", disk->id);
    }
    return qemu_device_check_id("disk", disk->id, err);
}

bool qemu_device_check_nic(const HvNic *nic, Err **err)
{
    if (nic->position >= QEMU_MAX_NICS) {
        return err_internal(err, "NIC %s: position %u is beyond the last one, %d", nic->id,
                            nic->position, QEMU_MAX_NICS - 1);
    }
    return qemu_device_check_id("NIC", nic->id, err);
}

Value *qemu_device_disk(const BlockDisk *disk, const char *node, unsigned boot_index)
{
    Value *device = qemu_device_new("virtio-blk-pci", qemu_device_disk_id(disk->id));
    value_struct_add_static(device, "drive", value_new_string(node));
    qemu_device_place(device, DISK_FIRST_SLOT + disk->position);
    qemu_device_add_boot_index(device, boot_index);
    return device;
}

Value *qemu_device_cd(const BlockDisk *disk, bool scsi, unsigned port, const char *node,
                      unsigned boot_index)
{
    Value *device = qemu_device_new(scsi ? "scsi-cd" : "ide-cd", qemu_device_disk_id(disk->id));
    if (scsi) {
        value_struct_add_static(device, "bus", value_new_string(QEMU_CD_BUS ".0"));
        value_struct_add_static(device, "scsi-id", value_new_int(port));
    } else {
        g_autofree char *bus = g_strdup_printf("ide.%u", port);
        value_struct_add_static(device, "bus", value_new_string(bus));
    }
    if (node) {
        value_struct_add_static(device, "drive", value_new_string(node));
    }
    qemu_device_add_boot_index(device, boot_index);
    return device;
}

Value *qemu_device_nic(const HvNic *nic, const char *netdev, unsigned boot_index)
{
    Value *device = qemu_device_new("virtio-net-pci", qemu_device_nic_id(nic->id));
    value_struct_add_static(device, "mac", value_new_string(nic->mac));
    if (netdev) {
        value_struct_add_static(device, "netdev", value_new_string(netdev));
    }
    if (nic->mtu) {
        value_struct_add_static(device, "host_mtu", value_new_int(nic->mtu));
    }
    if (!boot_index) {
        /* The firmware would run the network boot ROM of every NIC that has one. */
        value_struct_add_static(device, "romfile", value_new_string(""));
    }
    qemu_device_place(device, NIC_FIRST_SLOT + nic->position);
    qemu_device_add_boot_index(device, boot_index);
    return device;
}

/* QEMU takes letters, digits and "-._" after the first letter, which the prefix gives. */
static bool qemu_device_check_id(const char *kind, const char *id, Err **err)
{
    size_t length = strlen(id);
    bool good = length > 0 && length <= MAX_ID_LENGTH;
    for (size_t i = 0; i < length && good; i++) {
        good = g_ascii_isalnum(id[i]) || strchr("-._", id[i]);
    }
    return good || err_internal(err, "%s id \"%s\" has characters that QEMU refuses", kind, id);
}

static Value *qemu_device_new(const char *driver, char *id)
{
    g_autofree char *owned_id = id;
    Value *device = value_new_struct(8);
    value_struct_add_static(device, "driver", value_new_string(driver));
    value_struct_add_static(device, "id", value_new_string(owned_id));
    return device;
}

static void qemu_device_place(Value *device, unsigned slot)
{
    g_autofree char *address = g_strdup_printf("0x%x", slot);
    value_struct_add_static(device, "bus", value_new_string(QEMU_HOTPLUG_BUS));
    value_struct_add_static(device, "addr", value_new_string(address));
}

static void qemu_device_add_boot_index(Value *device, unsigned boot_index)
{
    if (boot_index) {
        value_struct_add_static(device, "bootindex", value_new_int(boot_index));
    }
}
