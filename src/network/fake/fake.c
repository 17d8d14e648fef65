/* The `fake` network: bridges and ports that are only names, for tests and for scale.
 * Two cards, eth0 and eth1, are always there.  What interfaces carry is what a test has written
 * into the file "counters" of the driver's folder, in the form of /proc/net/dev, and cards that
 * the file "unplugged" names have no cable.  Every network has a DHCP server, which gives everybody
 * the address in the file "lease", where there is one, and does not answer when it is empty. */
#include "base/fd.h"
#include "base/lock.h"
#include "network/nw.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/socket.h>

typedef struct FakeBridge {
    char *name;
    unsigned mtu;
    char *uplink; /* NULL: internal */
    bool is_dhcp;
    char ipv4[16]; /* static */
    unsigned ipv4_prefix;
} FakeBridge;

struct Nw {
    Lock lock;
    GHashTable *bridges; /* name -> FakeBridge */
    GHashTable *ports;   /* name -> name of its bridge */
    GHashTable *vlans;   /* name -> name of its parent */
    GHashTable *bonds;   /* name -> names of its members (GStrv) */
    unsigned mac_base;   /* the cards' addresses end in it, and in their numbers */
    char *dir;
    char *counters_path, *unplugged_path, *lease_path;
};

enum { COUNTERS_LIMIT = 1024 * 1024, UNPLUGGED_LIMIT = 1024, LEASE_LIMIT = 64 };

static const char UNPLUGGED[] = "unplugged";
static const char LEASE[] = "lease";

static const char *const cards[] = {"eth0", "eth1"};

static Nw *fake_open(const char *run_dir, Err **err);
static void fake_close(Nw *nw);
static GArray *fake_interfaces(Nw *nw, Err **err);
static GArray *fake_counters(Nw *nw, Err **err);
static int fake_watch_open(Nw *nw, Err **err);
static bool fake_watch_read(Nw *nw, int fd);
static bool fake_set_receive_offload(Nw *nw, Op *op, const char *name, bool on, Err **err);
static bool fake_bridge_create(Nw *nw, Op *op, const NwBridge *bridge, Err **err);
static bool fake_bridge_destroy(Nw *nw, Op *op, const char *name, Err **err);
static bool fake_bridge_exists(Nw *nw, const char *name);
static bool fake_vlan_create(Nw *nw, Op *op, const char *name, const char *parent, unsigned tag,
                             Err **err);
static bool fake_vlan_delete(Nw *nw, Op *op, const char *name, Err **err);
static bool fake_bond_create(Nw *nw, Op *op, const NwBond *bond, Err **err);
static bool fake_bond_delete(Nw *nw, Op *op, const char *name, const char *heir, Err **err);
static bool fake_port_attach(Nw *nw, Op *op, const NwPort *port, int *ret_tap_fd, Err **err);
static bool fake_port_change(Nw *nw, Op *op, const NwPort *port, Err **err);
static bool fake_port_detach(Nw *nw, Op *op, const char *name, Err **err);
static bool fake_ip_configure(Nw *nw, Op *op, const NwIp *ip, Err **err);
static bool fake_dhcp_start(Nw *nw, Op *op, const NwDhcp *dhcp, Err **err);
static bool fake_dhcp_stop(Nw *nw, Op *op, const char *bridge, const char *state_dir, Err **err);
static char *fake_dhcp_lease(Nw *nw, const char *state_dir, const char *mac, Err **err);
static bool has_link(const Nw *nw, const char *name);
static NwInterface describe_card(const Nw *nw, unsigned number);
static bool is_unplugged(const Nw *nw, const char *name);
static NwInterface describe_vlan(const Nw *nw, const char *name);
static NwInterface describe_bridge(const Nw *nw, const FakeBridge *bridge);
static void read_lease(const Nw *nw, char address[static 16]);
static NwInterface describe_port(const char *name, const char *master);
static const FakeBridge *find_by_uplink(const Nw *nw, const char *uplink);
static const char *find_bond(const Nw *nw, const char *member);
static void free_bridge(gpointer user);
static void free_names(gpointer user);

const NwDriver nw_fake_driver = {
    .name = "fake",
    .open = fake_open,
    .close = fake_close,
    .interfaces = fake_interfaces,
    .counters = fake_counters,
    .watch_open = fake_watch_open,
    .watch_read = fake_watch_read,
    .set_receive_offload = fake_set_receive_offload,
    .bridge_create = fake_bridge_create,
    .bridge_destroy = fake_bridge_destroy,
    .bridge_exists = fake_bridge_exists,
    .vlan_create = fake_vlan_create,
    .vlan_delete = fake_vlan_delete,
    .bond_create = fake_bond_create,
    .bond_delete = fake_bond_delete,
    .port_attach = fake_port_attach,
    .port_change = fake_port_change,
    .port_detach = fake_port_detach,
    .ip_configure = fake_ip_configure,
    .dhcp_start = fake_dhcp_start,
    .dhcp_stop = fake_dhcp_stop,
    .dhcp_lease = fake_dhcp_lease,
};

static Nw *fake_open(const char *run_dir, Err **err)
{
    (void)err;
    Nw *nw = g_new0(Nw, 1);
    lock_init(&nw->lock, LOCK_NETWORK);
    nw->bridges = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_bridge);
    nw->ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    nw->bonds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_names);
    nw->vlans = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    nw->dir = g_strdup(run_dir);
    nw->counters_path = g_build_filename(run_dir, "counters", NULL);
    nw->unplugged_path = g_build_filename(run_dir, UNPLUGGED, NULL);
    nw->lease_path = g_build_filename(run_dir, LEASE, NULL);
    /* Many hosts on one machine have folders of their own, and so addresses of their own. */
    nw->mac_base = g_str_hash(run_dir);
    return nw;
}

static void fake_close(Nw *nw)
{
    g_hash_table_unref(nw->bridges);
    g_hash_table_unref(nw->ports);
    g_hash_table_unref(nw->vlans);
    g_hash_table_unref(nw->bonds);
    lock_clear(&nw->lock);
    g_free(nw->dir);
    g_free(nw->counters_path);
    g_free(nw->unplugged_path);
    g_free(nw->lease_path);
    g_free(nw);
}

static GArray *fake_interfaces(Nw *nw, Err **err)
{
    (void)err;
    LOCK_GUARD(&nw->lock);
    GArray *interfaces = g_array_new(FALSE, FALSE, sizeof(NwInterface));
    NwInterface interface;
    for (unsigned i = 0; i < G_N_ELEMENTS(cards); i++) {
        interface = describe_card(nw, i);
        g_array_append_val(interfaces, interface);
    }
    GHashTableIter iter;
    gpointer bridge, vlan;
    g_hash_table_iter_init(&iter, nw->vlans);
    while (g_hash_table_iter_next(&iter, &vlan, NULL)) {
        interface = describe_vlan(nw, vlan);
        g_array_append_val(interfaces, interface);
    }
    g_hash_table_iter_init(&iter, nw->bonds);
    while (g_hash_table_iter_next(&iter, &vlan, NULL)) {
        interface = describe_vlan(nw, vlan);
        g_array_append_val(interfaces, interface);
    }
    g_hash_table_iter_init(&iter, nw->bridges);
    while (g_hash_table_iter_next(&iter, NULL, &bridge)) {
        interface = describe_bridge(nw, bridge);
        g_array_append_val(interfaces, interface);
    }
    gpointer port, master;
    g_hash_table_iter_init(&iter, nw->ports);
    while (g_hash_table_iter_next(&iter, &port, &master)) {
        interface = describe_port(port, master);
        g_array_append_val(interfaces, interface);
    }
    return interfaces;
}

static GArray *fake_counters(Nw *nw, Err **err)
{
    (void)err;
    g_autofree char *text = fd_read_file(nw->counters_path, COUNTERS_LIMIT, NULL, NULL);
    return nw_counters_parse(text ? text : "");
}

static int fake_watch_open(Nw *nw, Err **err)
{
    auto_fd fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0 || inotify_add_watch(fd, nw->dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0) {
        err_errno(err, errno, "cannot watch %s", nw->dir);
        return -1;
    }
    return fd_steal(&fd);
}

static bool fake_watch_read(Nw *nw, int fd)
{
    (void)nw;
    _Alignas(struct inotify_event) char buffer[4096];
    bool is_told = false;
    ssize_t length;
    while ((length = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < length;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            is_told |= event->len > 0 &&
                       (strcmp(event->name, UNPLUGGED) == 0 || strcmp(event->name, LEASE) == 0);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    return is_told;
}

static bool fake_set_receive_offload(Nw *nw, Op *op, const char *name, bool on, Err **err)
{
    (void)on;
    LOCK_GUARD(&nw->lock);
    return op_check(op, err) &&
           (has_link(nw, name) || err_internal(err, "there is no interface %s", name));
}

static bool fake_bridge_create(Nw *nw, Op *op, const NwBridge *bridge, Err **err)
{
    if (!op_check(op, err) || !nw_check_name(bridge->name, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    if (bridge->uplink && !has_link(nw, bridge->uplink)) {
        return err_internal(err, "there is no interface %s", bridge->uplink);
    }
    const FakeBridge *owner = bridge->uplink ? find_by_uplink(nw, bridge->uplink) : NULL;
    if (owner && !g_str_equal(owner->name, bridge->name)) {
        return err_internal(err, "%s is a port of another bridge", bridge->uplink);
    }
    FakeBridge *made = g_new(FakeBridge, 1);
    *made = (FakeBridge){
        .name = g_strdup(bridge->name), .mtu = bridge->mtu, .uplink = g_strdup(bridge->uplink)};
    g_hash_table_replace(nw->bridges, made->name, made);
    return true;
}

static bool fake_bridge_destroy(Nw *nw, Op *op, const char *name, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    g_hash_table_remove(nw->bridges, name);
    return true;
}

static bool fake_bridge_exists(Nw *nw, const char *name)
{
    LOCK_GUARD(&nw->lock);
    return g_hash_table_contains(nw->bridges, name);
}

static bool fake_vlan_create(Nw *nw, Op *op, const char *name, const char *parent, unsigned tag,
                             Err **err)
{
    (void)tag;
    if (!op_check(op, err) || !nw_check_name(name, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    if (!has_link(nw, parent)) {
        return err_internal(err, "there is no interface %s", parent);
    }
    g_hash_table_replace(nw->vlans, g_strdup(name), g_strdup(parent));
    return true;
}

static bool fake_vlan_delete(Nw *nw, Op *op, const char *name, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    g_hash_table_remove(nw->vlans, name);
    return true;
}

static bool fake_bond_create(Nw *nw, Op *op, const NwBond *bond, Err **err)
{
    if (!op_check(op, err) || !nw_check_bond(bond, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    for (const char *const *member = bond->members; *member; member++) {
        if (!has_link(nw, *member)) {
            return err_internal(err, "there is no interface %s", *member);
        }
        if (find_by_uplink(nw, *member)) {
            return err_internal(err, "%s is a port of a bridge", *member);
        }
    }
    g_hash_table_replace(nw->bonds, g_strdup(bond->name), g_strdupv((char **)bond->members));
    return true;
}

static bool fake_bond_delete(Nw *nw, Op *op, const char *name, const char *heir, Err **err)
{
    (void)heir;
    if (!op_check(op, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    g_hash_table_remove(nw->bonds, name);
    return true;
}

static bool fake_port_attach(Nw *nw, Op *op, const NwPort *port, int *ret_tap_fd, Err **err)
{
    if (!op_check(op, err) || !nw_check_name(port->name, err) ||
        !nw_check_policy(&port->policy, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    if (!g_hash_table_contains(nw->bridges, port->bridge)) {
        return err_internal(err, "there is no interface %s", port->bridge);
    }
    g_hash_table_replace(nw->ports, g_strdup(port->name), g_strdup(port->bridge));
    *ret_tap_fd = -1;
    return true;
}

static bool fake_port_change(Nw *nw, Op *op, const NwPort *port, Err **err)
{
    lock_acquire(&nw->lock);
    bool is_there = g_hash_table_contains(nw->ports, port->name);
    lock_release(&nw->lock);
    int none;
    return !is_there || fake_port_attach(nw, op, port, &none, err);
}

static bool fake_port_detach(Nw *nw, Op *op, const char *name, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    g_hash_table_remove(nw->ports, name);
    return true;
}

static bool fake_ip_configure(Nw *nw, Op *op, const NwIp *ip, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    LOCK_GUARD(&nw->lock);
    FakeBridge *bridge = g_hash_table_lookup(nw->bridges, ip->bridge);
    if (!bridge) {
        return err_internal(err, "there is no interface %s", ip->bridge);
    }
    if (ip->family == AF_INET) {
        const char *address = ip->mode == NW_IP_STATIC ? ip->address : "";
        g_strlcpy(bridge->ipv4, address, sizeof bridge->ipv4);
        bridge->ipv4_prefix = ip->mode == NW_IP_STATIC ? ip->prefix : 24;
        bridge->is_dhcp = ip->mode == NW_IP_DHCP;
    }
    char lease[16];
    read_lease(nw, lease);
    return ip->mode != NW_IP_DHCP || *lease ||
           err_internal(err, "no DHCP server answers on %s", ip->bridge);
}

static bool fake_dhcp_start(Nw *nw, Op *op, const NwDhcp *dhcp, Err **err)
{
    return op_check(op, err) && (fake_bridge_exists(nw, dhcp->bridge) ||
                                 err_internal(err, "there is no interface %s", dhcp->bridge));
}

static bool fake_dhcp_stop(Nw *nw, Op *op, const char *bridge, const char *state_dir, Err **err)
{
    (void)nw;
    (void)bridge;
    (void)state_dir;
    return op_check(op, err);
}

static char *fake_dhcp_lease(Nw *nw, const char *state_dir, const char *mac, Err **err)
{
    (void)nw;
    (void)state_dir;
    (void)mac;
    (void)err;
    return g_strdup("");
}

/* Called with the lock held, like what follows. */
static bool has_link(const Nw *nw, const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cards); i++) {
        if (g_str_equal(cards[i], name)) {
            return true;
        }
    }
    return g_hash_table_contains(nw->vlans, name) || g_hash_table_contains(nw->bonds, name);
}

static NwInterface describe_card(const Nw *nw, unsigned number)
{
    NwInterface card = {
        .mtu = 1500,
        .carrier = true,
        .physical = true,
        .speed_mbps = 1000,
        .full_duplex = true,
        .vendor_id = "0x1af4",
        .device_id = "0x1000",
    };
    unsigned base = nw->mac_base + number;
    g_strlcpy(card.name, cards[number], sizeof card.name);
    card.carrier = !is_unplugged(nw, card.name);
    g_snprintf(card.mac, sizeof card.mac, "02:fa:%02x:%02x:%02x:%02x", base >> 24,
               base >> 16 & 0xff, base >> 8 & 0xff, base & 0xff);
    g_snprintf(card.pci_path, sizeof card.pci_path, "0000:00:%02x.0", 3 + number);
    const FakeBridge *master = find_by_uplink(nw, card.name);
    const char *bond = find_bond(nw, card.name);
    g_strlcpy(card.master, bond ? bond : master ? master->name : "", sizeof card.master);
    return card;
}

static bool is_unplugged(const Nw *nw, const char *name)
{
    g_autofree char *text = fd_read_file(nw->unplugged_path, UNPLUGGED_LIMIT, NULL, NULL);
    g_auto(GStrv) names = g_strsplit_set(text ? text : "", " \n", -1);
    return g_strv_contains((const char *const *)names, name);
}

static NwInterface describe_vlan(const Nw *nw, const char *name)
{
    const FakeBridge *master = find_by_uplink(nw, name);
    NwInterface interface = describe_port(name, master ? master->name : "");
    interface.speed_mbps = 1000;
    return interface;
}

static NwInterface describe_bridge(const Nw *nw, const FakeBridge *bridge)
{
    NwInterface interface = {
        .mac = "02:fb:00:00:00:01",
        .mtu = bridge->mtu,
        .carrier = true,
        .is_bridge = true,
        .speed_mbps = -1,
    };
    g_strlcpy(interface.name, bridge->name, sizeof interface.name);
    g_strlcpy(interface.ipv4, bridge->ipv4, sizeof interface.ipv4);
    if (bridge->is_dhcp) {
        read_lease(nw, interface.ipv4);
    }
    interface.ipv4_prefix = bridge->ipv4_prefix;
    return interface;
}

static void read_lease(const Nw *nw, char address[static 16])
{
    g_autofree char *text = fd_read_file(nw->lease_path, LEASE_LIMIT, NULL, NULL);
    g_strlcpy(address, text ? g_strstrip(text) : "192.0.2.77", 16);
}

static NwInterface describe_port(const char *name, const char *master)
{
    NwInterface interface = {
        .mac = "fe:ff:ff:ff:ff:ff",
        .mtu = 1500,
        .carrier = true,
        .speed_mbps = -1,
    };
    g_strlcpy(interface.name, name, sizeof interface.name);
    g_strlcpy(interface.master, master, sizeof interface.master);
    return interface;
}

static const FakeBridge *find_by_uplink(const Nw *nw, const char *uplink)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, nw->bridges);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const FakeBridge *bridge = value;
        if (g_strcmp0(bridge->uplink, uplink) == 0) {
            return bridge;
        }
    }
    return NULL;
}

static const char *find_bond(const Nw *nw, const char *member)
{
    GHashTableIter iter;
    gpointer name, members;
    g_hash_table_iter_init(&iter, nw->bonds);
    while (g_hash_table_iter_next(&iter, &name, &members)) {
        if (g_strv_contains(members, member)) {
            return name;
        }
    }
    return NULL;
}

static void free_names(gpointer user)
{
    g_strfreev(user);
}

static void free_bridge(gpointer user)
{
    FakeBridge *bridge = user;
    g_free(bridge->name);
    g_free(bridge->uplink);
    g_free(bridge);
}
