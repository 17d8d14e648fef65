/* The network driver interface: bridges, their ports and addresses on this host.
 *
 * Plain structs in and out; no database. Hooks are idempotent: asking for what is there already
 * is success.  Any thread may call; the driver locks what it must. */
#pragma once

#include "base/op.h"

#include <stdint.h>

#define NW_NAME_SIZE 16 /* of an interface's name and its NUL, as the kernel has it */

/* "physical" means a network card, or in a network namespace of its own what stands for one: an
 * Ethernet link that the kernel gives no kind (bridge, tun, dummy, ifb, vlan ... have one), or a
 * veth named eth<N>. */
typedef struct NwInterface {
    char name[NW_NAME_SIZE];
    char mac[18]; /* lower case */
    unsigned mtu;
    bool carrier, physical, is_bridge;
    int speed_mbps; /* -1: unknown */
    bool full_duplex;
    char ipv4[16]; /* first address, "" when none */
    unsigned ipv4_prefix;
    char gateway[16];
    char master[NW_NAME_SIZE];                     /* the bridge or bond it is in, or "" */
    char pci_path[16], vendor_id[8], device_id[8]; /* "0000:00:03.0", "0x1af4" */
    uint64_t rx_bytes, tx_bytes;
} NwInterface;

typedef struct NwBridge {
    const char *name;   /* at most 15 characters */
    unsigned mtu;       /* of the bridge and of the uplink */
    const char *uplink; /* interface to enslave, or NULL for an internal network */
    bool move_address;  /* take address and routes over from the uplink */
} NwBridge;

typedef enum NwBondMode {
    NW_BOND_SLB,    /* each sender by one card */
    NW_BOND_BACKUP, /* one card, the others wait for it to fail */
    NW_BOND_LACP,   /* as the switch and the host agree (802.3ad) */
} NwBondMode;

typedef struct NwBond {
    const char *name;
    const char *mac;
    NwBondMode mode;
    bool hash_ports;            /* LACP: spread by addresses and ports, rather than by sender */
    const char *const *members; /* NULL-terminated */
} NwBond;

/* Which frames of a guest reach the bridge. */
typedef enum NwLocking {
    NW_UNLOCKED, /* all */
    NW_LOCKED,   /* those from its own MAC and from addresses that it may use */
    NW_DISABLED, /* none, and none of the bridge reaches the guest */
} NwLocking;

enum { NW_ALLOWED_MAX = 1024 }; /* addresses of each family that one port may use */

/* A locked guest may also ask for an address by DHCP, look whether one is taken (ARP, and
 * neighbour solicitation for what it may use), and say which multicast groups it listens to. */
typedef struct NwPolicy {
    NwLocking locking;
    const char *mac;                       /* of the guest's card */
    const char *const *ipv4, *const *ipv6; /* while locked; NULL-terminated; NULL: none */
    uint64_t rate;                         /* bytes a second that the guest may send; 0: no limit */
} NwPolicy;

/* The host's end of a guest's NIC. */
typedef struct NwPort {
    const char *name; /* at most 15 characters */
    const char *bridge;
    unsigned mtu;
    NwPolicy policy;
} NwPort;

/* How the host itself is reached on a bridge, by one family of addresses. */
typedef enum NwIpMode {
    NW_IP_NONE,
    NW_IP_STATIC,
    NW_IP_DHCP,     /* IPv4 only */
    NW_IP_AUTOCONF, /* IPv6 only: what routers announce */
} NwIpMode;

typedef struct NwIp {
    const char *bridge;
    int family; /* AF_INET, AF_INET6 */
    NwIpMode mode;
    const char *address; /* static */
    unsigned prefix;
    const char *gateway;   /* static: of the default route; NULL: none through this bridge */
    bool default_route;    /* DHCP: use the router that the server names */
    const char *state_dir; /* of the DHCP client */
} NwIp;

/* Addresses that this host serves on a bridge by DHCP (the host-internal management network). */
typedef struct NwDhcp {
    const char *bridge;
    const char *host_ip; /* of the bridge itself, e.g. "169.254.0.1" */
    unsigned prefix;
    const char *first, *last;
    const char *state_dir; /* leases, pid file, configuration */
    const char *domain;    /* may be NULL */
} NwDhcp;

/* What an interface carried since it was made, as this host sees it: what a guest sends is received
 * at its port. */
typedef struct NwCounters {
    char name[NW_NAME_SIZE];
    uint64_t rx_bytes, tx_bytes, rx_errors, tx_errors;
} NwCounters;

typedef struct Nw Nw;

typedef struct NwDriver {
    const char *name;
    Nw *(*open)(const char *run_dir, Err **err);
    void (*close)(Nw *nw); /* bridges, ports in use and DHCP servers stay */

    /* Every interface of the host: array of NwInterface. */
    GArray *(*interfaces)(Nw *nw, Err **err);
    /* The same, but only what they carry: array of NwCounters. Cheap. */
    GArray *(*counters)(Nw *nw, Err **err);

    /* A descriptor that is readable when cards, bonds, VLANs or addresses of the host have changed,
     * also by others, and perhaps when not. (owned), -1 */
    int (*watch_open)(Nw *nw, Err **err);
    /* Takes what it has to tell, and does not wait. False when none of it counts. */
    bool (*watch_read)(Nw *nw, int fd);

    /* Whether a card puts packets together before it hands them over (GRO). */
    bool (*set_receive_offload)(Nw *nw, Op *op, const char *name, bool on, Err **err);

    /* Makes the bridge, up, and its uplink a port of it.  Moving addresses survives a crash at any
     * point: a second call finishes it.  When it fails, they are back on the uplink. */
    bool (*bridge_create)(Nw *nw, Op *op, const NwBridge *bridge, Err **err);
    /* Gives the bridge's addresses and routes to its uplink, if it has one (the port that is no
     * guest's), and deletes it. */
    bool (*bridge_destroy)(Nw *nw, Op *op, const char *name, Err **err);
    bool (*bridge_exists)(Nw *nw, const char *name);

    /* The frames of `parent` that carry the tag, as an interface `name` of its own, up. The parent
     * keeps what it has, and is up. Deleting is success when there is none, and fails on what is no
     * VLAN. */
    bool (*vlan_create)(Nw *nw, Op *op, const char *name, const char *parent, unsigned tag,
                        Err **err);
    bool (*vlan_delete)(Nw *nw, Op *op, const char *name, Err **err);

    /* Several cards as one interface, up; it takes over what they have of addresses and routes.
     * Members are no ports of bridges.  Deleting sets them free, and `heir`, one of them, gets the
     * addresses; it is success when there is no bond. */
    bool (*bond_create)(Nw *nw, Op *op, const NwBond *bond, Err **err);
    bool (*bond_delete)(Nw *nw, Op *op, const char *name, const char *heir, Err **err);

    /* A tap on the bridge for a guest's NIC; no frame passes before the policy holds. Returns its
     * descriptor; the tap goes away with the last descriptor and port_detach(). */
    bool (*port_attach)(Nw *nw, Op *op, const NwPort *port, int *ret_tap_fd, Err **err);
    /* Moves the port to that bridge and gives it that MTU and policy, while the guest runs. Success
     * when there is no such port. */
    bool (*port_change)(Nw *nw, Op *op, const NwPort *port, Err **err);
    bool (*port_detach)(Nw *nw, Op *op, const char *name, Err **err);

    /* Gives the bridge what the mode says and takes what it has else of that family.  With DHCP it
     * returns when there is an address, and fails when nobody gives one; who gives one later finds
     * somebody who still asks. */
    bool (*ip_configure)(Nw *nw, Op *op, const NwIp *ip, Err **err);

    /* Starts (or keeps) the DHCP server; restarts it when its configuration changed. */
    bool (*dhcp_start)(Nw *nw, Op *op, const NwDhcp *dhcp, Err **err);
    bool (*dhcp_stop)(Nw *nw, Op *op, const char *bridge, const char *state_dir, Err **err);
    /* The address leased to `mac`, "" when none. (owned) */
    char *(*dhcp_lease)(Nw *nw, const char *state_dir, const char *mac, Err **err);
} NwDriver;

/* Fails on what is no address, or no unicast MAC: nothing of a policy that passes can be more than
 * one word of a command. */
bool nw_check_policy(const NwPolicy *policy, Err **err);

/* Likewise the names and the MAC of a bond. */
bool nw_check_bond(const NwBond *bond, Err **err);

/* Fails unless `name` is one that the kernel takes and that fits into a line of configuration. */
bool nw_check_name(const char *name, Err **err);

/* Reads the form of /proc/net/dev; lines of another form are left out. Array of NwCounters. */
GArray *nw_counters_parse(const char *text);

extern const NwDriver nw_bridge_driver;
extern const NwDriver nw_fake_driver;
