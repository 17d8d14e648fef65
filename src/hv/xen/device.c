/* Translation of devices; whole domains are config.c. */
#include "hv/xen/device.h"

#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define QCOW2_MAGIC "QFI\xfb"
#define NO_BRIDGE   "-" /* tells our script that there is no cable; libxl would take its default */

static bool xen_device_check_image(const char *path, bool is_qcow2, struct stat *ret_status,
                                   Err **err);

/* libxl frees with free(3), as g_strdup() of this GLib allows. */
bool xen_device_vdev(unsigned position, char vdev[XEN_VDEV_SIZE], Err **err)
{
    if (position >= XEN_DISKS_MAX) {
        return err_internal(err, "there is no place %u for a disk: Xen's guests have %u", position,
                            XEN_DISKS_MAX);
    }
    g_snprintf(vdev, XEN_VDEV_SIZE, "xvd%c", 'a' + (int)position);
    return true;
}

/* Linux's major number of xvd, and sixteen minor ones for each disk. */
unsigned xen_device_number(unsigned position)
{
    return 202u << 8 | position << 4;
}

bool xen_device_disk(const XenDisk *disk, libxl_device_disk *ret_disk, Err **err)
{
    char vdev[XEN_VDEV_SIZE];
    struct stat status = {0};
    if (!xen_device_vdev(disk->block.position, vdev, err)) {
        return false;
    }
    bool is_qcow2 = text_equal(disk->format, "qcow2");
    if (disk->path && !xen_device_check_image(disk->path, is_qcow2, &status, err)) {
        return false;
    }
    libxl_device_disk_init(ret_disk);
    ret_disk->vdev = g_strdup(vdev);
    ret_disk->pdev_path = g_strdup(disk->path);
    ret_disk->is_cdrom = disk->block.is_cd;
    ret_disk->removable = disk->block.is_cd;
    ret_disk->readwrite = !disk->block.read_only;
    ret_disk->backend =
        S_ISBLK(status.st_mode) && !is_qcow2 ? LIBXL_DISK_BACKEND_PHY : LIBXL_DISK_BACKEND_QDISK;
    ret_disk->format = !disk->path ? LIBXL_DISK_FORMAT_EMPTY
                       : is_qcow2  ? LIBXL_DISK_FORMAT_QCOW2
                                   : LIBXL_DISK_FORMAT_RAW;
    return true;
}

bool xen_device_nic(const HvNic *nic, const char *script, libxl_device_nic *ret_nic, Err **err)
{
    libxl_mac mac;
    if (nic->position >= XEN_NICS_MAX) {
        return err_internal(err, "there is no place %u for a NIC: Xen's guests have %u",
                            nic->position, XEN_NICS_MAX);
    }
    if (!xen_device_parse_mac(nic->mac, &mac)) {
        return err_internal(err, "%s is no MAC address", nic->mac);
    }
    libxl_device_nic_init(ret_nic);
    ret_nic->devid = (libxl_devid)nic->position;
    memcpy(ret_nic->mac, mac, sizeof mac);
    ret_nic->mtu = (int)nic->mtu;
    ret_nic->bridge = g_strdup(nic->bridge ? nic->bridge : NO_BRIDGE);
    ret_nic->ifname = g_strdup(nic->port);
    ret_nic->script = g_strdup(script);
    /* An emulated card would have an end of its own beside, to which no rules apply. */
    ret_nic->nictype = LIBXL_NIC_TYPE_VIF;
    return true;
}

bool xen_device_parse_mac(const char *text, libxl_mac *ret_mac)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    libxl_mac mac;
    if (g_strv_length(parts) != sizeof mac) {
        return false;
    }
    for (unsigned i = 0; i < sizeof mac; i++) {
        const char *part = parts[i];
        if (!g_ascii_isxdigit(part[0]) || !g_ascii_isxdigit(part[1]) || part[2] != '\0') {
            return false;
        }
        mac[i] = (uint8_t)(g_ascii_xdigit_value(part[0]) * 16 + g_ascii_xdigit_value(part[1]));
    }
    memcpy(*ret_mac, mac, sizeof mac);
    return true;
}

/* A device model that cannot open an image only lets libxl's patience run out. */
static bool xen_device_check_image(const char *path, bool is_qcow2, struct stat *ret_status,
                                   Err **err)
{
    char magic[sizeof QCOW2_MAGIC - 1] = {0};
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, ret_status) < 0) {
        return err_errno(err, errno, "cannot open the image %s", path);
    }
    return !is_qcow2 ||
           (pread(fd, magic, sizeof magic, 0) == sizeof magic &&
            memcmp(magic, QCOW2_MAGIC, sizeof magic) == 0) ||
           err_internal(err, "the image %s is not in the format qcow2", path);
}
