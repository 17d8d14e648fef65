/* VLAN interfaces through libnl. */
#include "network/bridge/link_vlan.h"

#include <netlink/route/link/vlan.h>

static bool check_vlan(NetlinkLink *link, int parent, unsigned tag, Err **err);

NetlinkLink *link_vlan_describe(const char *name, int parent, unsigned tag)
{
    NetlinkLink *wanted = rtnl_link_vlan_alloc();
    rtnl_link_set_name(wanted, name);
    rtnl_link_set_link(wanted, parent);
    rtnl_link_vlan_set_id(wanted, (uint16_t)tag);
    return wanted;
}

bool link_vlan_create(NetlinkSocket *nl, const char *name, const char *parent, unsigned tag,
                      Err **err)
{
    g_autoptr(NetlinkLink) below = netlink_get(nl, parent, err);
    NetlinkChange up = {.up = true, .master = NETLINK_SAME_MASTER};
    if (!below || !netlink_change(nl, below, &up, err)) {
        return false;
    }
    int index = rtnl_link_get_ifindex(below);
    g_autoptr(NetlinkLink) wanted = link_vlan_describe(name, index, tag);
    int code = rtnl_link_add(nl, wanted, NLM_F_CREATE | NLM_F_EXCL);
    if (code < 0 && code != -NLE_EXIST) {
        return netlink_fail(err, code, "cannot make the VLAN %u of %s", tag, parent);
    }
    g_autoptr(NetlinkLink) made = netlink_get(nl, name, err);
    return made && check_vlan(made, index, tag, err) && netlink_change(nl, made, &up, err);
}

bool link_vlan_delete(NetlinkSocket *nl, const char *name, Err **err)
{
    g_autoptr(NetlinkLink) link = NULL;
    if (!netlink_find(nl, name, &link, err)) {
        return false;
    }
    if (link && !rtnl_link_is_vlan(link)) {
        return err_internal(err, "%s is no VLAN and stays as it is", name);
    }
    return !link || netlink_delete(nl, link, err);
}

/* One of the name that was there already may be another. */
static bool check_vlan(NetlinkLink *link, int parent, unsigned tag, Err **err)
{
    return (rtnl_link_is_vlan(link) && rtnl_link_get_link(link) == parent &&
            rtnl_link_vlan_get_id(link) == (int)tag) ||
           err_internal(err, "%s is there already and is another interface",
                        rtnl_link_get_name(link));
}
