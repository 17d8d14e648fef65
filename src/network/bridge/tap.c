/* Tap devices by /dev/net/tun. */
#include "network/bridge/tap.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

/* What XenServer gives the host's end.  It is higher than any other, so that nothing that goes by
 * the lowest address chooses it. */
#define TAP_MAC "fe:ff:ff:ff:ff:ff"

int tap_open(NetlinkSocket *nl, NetlinkLink *bridge, const char *name, unsigned mtu, Err **err)
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
    g_autoptr(NetlinkLink) tap = netlink_get(nl, name, err);
    NetlinkChange change = {
        .up = true,
        .mtu = mtu,
        .mac = TAP_MAC,
        .master = rtnl_link_get_ifindex(bridge),
    };
    if (!tap || !netlink_change(nl, tap, &change, err)) {
        return -1;
    }
    return fd_steal(&fd);
}

bool tap_delete(NetlinkSocket *nl, const char *name, Err **err)
{
    g_autoptr(NetlinkLink) tap = NULL;
    if (!netlink_find(nl, name, &tap, err)) {
        return false;
    }
    if (!tap) {
        return true;
    }
    if (!netlink_is_kind(tap, "tun")) {
        return err_internal(err, "%s is no tap and is not deleted", name);
    }
    return netlink_delete(nl, tap, err);
}
