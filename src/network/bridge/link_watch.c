/* rtnetlink's multicast groups.  Messages are looked at no further than to sort out those about
 * guests: whoever is told asks for everything anyway. */
#include "network/bridge/link_watch.h"

#include "base/fd.h"

#include <errno.h>
#include <glib.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum { PIECE = 32 * 1024 }; /* larger than any message of the kernel's */

static bool concerns_host(const struct nlmsghdr *message);
static const char *kind_of(const struct nlmsghdr *message);

int link_watch_open(Err **err)
{
    const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                                    RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE};
    auto_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&groups, sizeof groups) < 0) {
        err_errno(err, errno, "cannot listen to what the kernel says of networks");
        return -1;
    }
    return fd_steal(&fd);
}

bool link_watch_read(int fd)
{
    g_autofree char *buffer = g_malloc(PIECE);
    bool is_told = false;
    for (;;) {
        ssize_t length = recv(fd, buffer, PIECE, 0);
        if (length < 0 && errno == ENOBUFS) {
            is_told = true; /* something was lost */
        } else if (length == 0 || (length < 0 && errno != EINTR)) {
            return is_told;
        }
        unsigned left = (unsigned)MAX(length, 0);
        for (const struct nlmsghdr *message = (const void *)buffer; NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            is_told |= concerns_host(message);
        }
    }
}

static bool concerns_host(const struct nlmsghdr *message)
{
    static const char *const others[] = {"tun", "ifb", "bridge"};
    if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) {
        return true;
    }
    const struct ifinfomsg *link = NLMSG_DATA(message);
    const char *kind = kind_of(message);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (g_strcmp0(kind, others[i]) == 0) {
            return false;
        }
    }
    return link->ifi_family != AF_BRIDGE; /* a bridge's view of its port */
}

/* NULL when it has none, as cards do. */
static const char *kind_of(const struct nlmsghdr *message)
{
    struct ifinfomsg *link = NLMSG_DATA(message);
    int left = (int)IFLA_PAYLOAD(message);
    for (struct rtattr *at = IFLA_RTA(link); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        if (at->rta_type != IFLA_LINKINFO) {
            continue;
        }
        int inner_left = (int)RTA_PAYLOAD(at);
        for (struct rtattr *inner = RTA_DATA(at); RTA_OK(inner, inner_left);
             inner = RTA_NEXT(inner, inner_left)) {
            bool is_text = RTA_PAYLOAD(inner) > 0 &&
                           ((const char *)RTA_DATA(inner))[RTA_PAYLOAD(inner) - 1] == '\0';
            if (inner->rta_type == IFLA_INFO_KIND && is_text) {
                return RTA_DATA(inner);
            }
        }
    }
    return NULL;
}
