/* Interfaces of this network namespace by rtnetlink: find, make, change, delete.
 * One socket serves one thread; it is opened for a piece of work and closed after it. */
#pragma once

#include "base/err.h"

#include <netlink/netlink.h>
#include <netlink/route/link.h>

typedef struct nl_sock NetlinkSocket;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetlinkSocket, nl_socket_free)
typedef struct rtnl_link NetlinkLink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetlinkLink, rtnl_link_put)
typedef struct nl_cache NetlinkCache;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetlinkCache, nl_cache_free)

NetlinkSocket *netlink_open(Err **err);

/* Sets INTERNAL_ERROR "<text>: <what libnl says>". Returns false. */
bool netlink_fail(Err **err, int code, const char *fmt, ...) G_GNUC_PRINTF(3, 4);

/* Success with NULL when there is none of that name. */
bool netlink_find(NetlinkSocket *nl, const char *name, NetlinkLink **ret_link, Err **err);
/* Fails when there is none. (owned) */
NetlinkLink *netlink_get(NetlinkSocket *nl, const char *name, Err **err);
NetlinkCache *netlink_list(NetlinkSocket *nl, Err **err); /* every link (owned) */

NetlinkLink *netlink_get_bridge(NetlinkSocket *nl, const char *name, Err **err); /* likewise */

bool netlink_is_kind(NetlinkLink *link, const char *kind); /* "bridge", "tun", "veth" ... */
bool netlink_is_physical(NetlinkLink *link);               /* as NwInterface has it */

/* A bridge without spanning tree and forwarding delay, with a MAC address that its ports do not
 * change, and with an MTU that the caller has yet to set.  Success when there is one already. */
bool netlink_add_bridge(NetlinkSocket *nl, const char *name, Err **err);
/* A link of a kind that needs nothing said but its name, such as "ifb". Success when it is there.
 */
bool netlink_add(NetlinkSocket *nl, const char *name, const char *kind, Err **err);
bool netlink_delete(NetlinkSocket *nl, NetlinkLink *link, Err **err);

#define NETLINK_SAME_MASTER (-1)
typedef struct NetlinkChange {
    bool up, down;   /* neither: as it is */
    unsigned mtu;    /* 0: as it is */
    const char *mac; /* NULL: as it is */
    int master;      /* index; 0: none; NETLINK_SAME_MASTER */
} NetlinkChange;
bool netlink_change(NetlinkSocket *nl, NetlinkLink *link, const NetlinkChange *change, Err **err);
