/* Traffic control, through libnl: ingress queue, filter that redirects, ifb, token bucket. */
#include "network/bridge/port_rate.h"

#include "network/nw.h"

#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netlink/route/act/mirred.h>
#include <netlink/route/action.h>
#include <netlink/route/classifier.h>
#include <netlink/route/cls/u32.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/qdisc/tbf.h>
#include <netlink/route/tc.h>

typedef struct rtnl_qdisc TcQdisc;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcQdisc, rtnl_qdisc_put)
typedef struct rtnl_cls TcFilter;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcFilter, rtnl_cls_put)

enum {
    BURSTS_PER_SECOND = 20,  /* the bucket holds what a twentieth of a second lets go */
    QUEUES_PER_SECOND = 5,   /* the queue a fifth */
    LEAST_BURST = 16 * 1024, /* bytes: a frame of 9000 fits at any rate */
    ANY_PROTOCOL = 3,        /* ETH_P_ALL */
    FILTER_PRIORITY = 1,
};

static void name_ifb(const char *port, char name[NW_NAME_SIZE]);
static NetlinkLink *make_ifb(NetlinkSocket *nl, NetlinkLink *tap, Err **err);
static bool shape(NetlinkSocket *nl, NetlinkLink *ifb, uint64_t rate, Err **err);
static bool open_ingress(NetlinkSocket *nl, NetlinkLink *tap, Err **err);
static bool redirect(NetlinkSocket *nl, NetlinkLink *tap, NetlinkLink *ifb, Err **err);
static bool close_ingress(NetlinkSocket *nl, NetlinkLink *tap, Err **err);

bool port_rate_set(NetlinkSocket *nl, NetlinkLink *tap, uint64_t rate, Err **err)
{
    if (rate == 0) {
        return close_ingress(nl, tap, err) && port_rate_drop(nl, rtnl_link_get_name(tap), err);
    }
    g_autoptr(NetlinkLink) ifb = make_ifb(nl, tap, err);
    return ifb && shape(nl, ifb, rate, err) && open_ingress(nl, tap, err) &&
           redirect(nl, tap, ifb, err);
}

bool port_rate_drop(NetlinkSocket *nl, const char *port, Err **err)
{
    char name[NW_NAME_SIZE];
    g_autoptr(NetlinkLink) ifb = NULL;
    name_ifb(port, name);
    return netlink_find(nl, name, &ifb, err) && (!ifb || netlink_delete(nl, ifb, err));
}

/* "tap" and twelve digits, as ports of guests are called, become "ifb" and the same. */
static void name_ifb(const char *port, char name[NW_NAME_SIZE])
{
    size_t skipped = g_str_has_prefix(port, "tap") ? strlen("tap") : 0;
    g_snprintf(name, NW_NAME_SIZE, "ifb%s", port + skipped);
}

/* A filter that an earlier ifb of the name has left behind leads nowhere. */
static NetlinkLink *make_ifb(NetlinkSocket *nl, NetlinkLink *tap, Err **err)
{
    char name[NW_NAME_SIZE];
    g_autoptr(NetlinkLink) ifb = NULL;
    name_ifb(rtnl_link_get_name(tap), name);
    if (!netlink_find(nl, name, &ifb, err)) {
        return NULL;
    }
    if (!ifb && close_ingress(nl, tap, err) && netlink_add(nl, name, "ifb", err)) {
        ifb = netlink_get(nl, name, err);
    }
    NetlinkChange change = {.up = true, .master = NETLINK_SAME_MASTER};
    return ifb && netlink_change(nl, ifb, &change, err) ? g_steal_pointer(&ifb) : NULL;
}

static bool shape(NetlinkSocket *nl, NetlinkLink *ifb, uint64_t rate, Err **err)
{
    int bytes = (int)MIN(rate, INT32_MAX);
    int burst = MAX(bytes / BURSTS_PER_SECOND, LEAST_BURST);
    g_autoptr(TcQdisc) queue = rtnl_qdisc_alloc();
    rtnl_tc_set_link(TC_CAST(queue), ifb);
    rtnl_tc_set_parent(TC_CAST(queue), TC_H_ROOT);
    rtnl_tc_set_handle(TC_CAST(queue), TC_HANDLE(1, 0));
    rtnl_tc_set_kind(TC_CAST(queue), "tbf");
    rtnl_qdisc_tbf_set_rate(queue, bytes, burst, 0);
    rtnl_qdisc_tbf_set_limit(queue, burst + MAX(bytes / QUEUES_PER_SECOND, LEAST_BURST));
    int code = rtnl_qdisc_add(nl, queue, NLM_F_CREATE | NLM_F_REPLACE);
    return code >= 0 || netlink_fail(err, code, "cannot limit %s", rtnl_link_get_name(ifb));
}

static bool open_ingress(NetlinkSocket *nl, NetlinkLink *tap, Err **err)
{
    g_autoptr(TcQdisc) queue = rtnl_qdisc_alloc();
    rtnl_tc_set_link(TC_CAST(queue), tap);
    rtnl_tc_set_parent(TC_CAST(queue), TC_H_INGRESS);
    rtnl_tc_set_handle(TC_CAST(queue), TC_HANDLE(TC_H_INGRESS >> 16, 0));
    rtnl_tc_set_kind(TC_CAST(queue), "ingress");
    int code = rtnl_qdisc_add(nl, queue, NLM_F_CREATE);
    return code >= 0 || code == -NLE_EXIST ||
           netlink_fail(err, code, "cannot look at what %s brings in", rtnl_link_get_name(tap));
}

static bool redirect(NetlinkSocket *nl, NetlinkLink *tap, NetlinkLink *ifb, Err **err)
{
    g_autoptr(TcFilter) filter = rtnl_cls_alloc();
    struct rtnl_act *action = rtnl_act_alloc();
    rtnl_tc_set_kind(TC_CAST(action), "mirred");
    rtnl_mirred_set_action(action, TCA_EGRESS_REDIR);
    rtnl_mirred_set_policy(action, TC_ACT_STOLEN);
    rtnl_mirred_set_ifindex(action, (uint32_t)rtnl_link_get_ifindex(ifb));
    rtnl_tc_set_link(TC_CAST(filter), tap);
    rtnl_tc_set_parent(TC_CAST(filter), TC_HANDLE(TC_H_INGRESS >> 16, 0));
    rtnl_tc_set_kind(TC_CAST(filter), "u32");
    rtnl_cls_set_prio(filter, FILTER_PRIORITY);
    rtnl_cls_set_protocol(filter, ANY_PROTOCOL);
    rtnl_u32_set_handle(filter, 0x800, 0, 0x800);
    rtnl_u32_add_key_uint32(filter, 0, 0, 0, 0); /* every frame */
    rtnl_u32_set_cls_terminal(filter);
    int code = rtnl_u32_add_action(filter, action);
    code = code >= 0 ? rtnl_cls_add(nl, filter, NLM_F_CREATE | NLM_F_EXCL) : code;
    rtnl_act_put(action);
    return code >= 0 || code == -NLE_EXIST ||
           netlink_fail(err, code, "cannot redirect what %s brings in", rtnl_link_get_name(tap));
}

static bool close_ingress(NetlinkSocket *nl, NetlinkLink *tap, Err **err)
{
    g_autoptr(TcQdisc) queue = rtnl_qdisc_alloc();
    rtnl_tc_set_link(TC_CAST(queue), tap);
    rtnl_tc_set_parent(TC_CAST(queue), TC_H_INGRESS);
    int code = rtnl_qdisc_delete(nl, queue);
    bool absent = code == -NLE_OBJ_NOTFOUND || code == -NLE_INVAL;
    return code >= 0 || absent ||
           netlink_fail(err, code, "cannot end the limit of %s", rtnl_link_get_name(tap));
}
