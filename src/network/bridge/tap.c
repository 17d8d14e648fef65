/* Tap devices by /dev/net/tun. */
#include "network/bridge/tap.h"

#include "base/fd.h"
#include "network/bridge/ethtool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#define XEN_DRIVER "vif" /* xen-netback of Linux */

int tap_open(const char *name, Err **err)
{
    auto_fd fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        err_errno(err, errno, "cannot open /dev/net/tun");
        return -1;
    }
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        err_errno(err, errno, "cannot make the tap %s", name);
        return -1;
    }
    return fd_steal(&fd);
}

bool tap_is_xen(NetlinkLink *link)
{
    return ethtool_is_driver(rtnl_link_get_name(link), XEN_DRIVER);
}

bool tap_check(NetlinkLink *link, Err **err)
{
    return netlink_is_kind(link, "tun") || tap_is_xen(link) ||
           err_internal(err, "%s is no tap and stays as it is", rtnl_link_get_name(link));
}
