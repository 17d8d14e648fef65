/* Cards, by the ethtool ioctl.  Unlike /sys/class/net it tells of the caller's network namespace
 * wherever /sys was mounted. */
#include "network/bridge/ethtool.h"

#include "base/fd.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PCI_ID_SIZE 16 /* bytes of a file like vendor: "0x1af4\n" */

static bool ask(int socket_fd, const char *name, void *request);
static void read_pci_id(const char *pci_path, const char *file, char ret_id[8]);

void ethtool_describe(NwInterface *interface)
{
    auto_fd socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0) {
        return;
    }
    struct ethtool_cmd link = {.cmd = ETHTOOL_GSET};
    if (ask(socket_fd, interface->name, &link)) {
        uint32_t speed = ethtool_cmd_speed(&link);
        interface->speed_mbps = speed <= INT32_MAX ? (int)speed : -1; /* SPEED_UNKNOWN is -1 */
        interface->full_duplex = link.duplex == DUPLEX_FULL;
    }
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    if (ask(socket_fd, interface->name, &driver) && strlen(driver.bus_info) == 12 &&
        !strchr(driver.bus_info, '/')) {
        g_strlcpy(interface->pci_path, driver.bus_info, sizeof interface->pci_path);
        read_pci_id(driver.bus_info, "vendor", interface->vendor_id);
        read_pci_id(driver.bus_info, "device", interface->device_id);
    }
}

bool ethtool_is_driver(const char *name, const char *driver)
{
    auto_fd socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    return socket_fd >= 0 && ask(socket_fd, name, &info) && strcmp(info.driver, driver) == 0;
}

bool ethtool_set_receive_offload(const char *name, bool on, Err **err)
{
    auto_fd socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ethtool_value request = {.cmd = ETHTOOL_SGRO, .data = on};
    return (socket_fd >= 0 && ask(socket_fd, name, &request)) ||
           err_errno(err, errno, "cannot switch GRO of %s %s", name, on ? "on" : "off");
}

static bool ask(int socket_fd, const char *name, void *request)
{
    struct ifreq ifreq = {.ifr_data = request};
    g_strlcpy(ifreq.ifr_name, name, sizeof ifreq.ifr_name);
    return ioctl(socket_fd, SIOCETHTOOL, &ifreq) == 0;
}

static void read_pci_id(const char *pci_path, const char *file, char ret_id[8])
{
    g_autofree char *path = g_build_filename("/sys/bus/pci/devices", pci_path, file, NULL);
    g_autofree char *text = fd_read_file(path, PCI_ID_SIZE, NULL, NULL);
    if (text) {
        g_strlcpy(ret_id, g_strchomp(text), 8);
    }
}
