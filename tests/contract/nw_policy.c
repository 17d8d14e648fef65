/* What guests may send: frames go into one port as a guest would send them, and come out of another
 * or do not.
 *
 * A frame that must not arrive is followed by one that does.  Taps hand their frames on in order,
 * so that nothing has to be waited for in vain. */
#include "nw_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

enum { FRAME_SIZE = 200, MARK_OFFSET = FRAME_SIZE - 4 };

#define OWN_MAC   "02:00:00:00:00:01"
#define OTHER_MAC "02:00:00:00:00:66"
#define OWN_IP    "10.0.0.1"
#define OTHER_IP  "10.0.0.66"
#define OWN_IP6   "2001:db8::1"
#define OTHER_IP6 "2001:db8::66"

typedef struct Frame {
    unsigned char vnet[NW_VNET_HEADER];
    struct ether_header ether;
    unsigned char rest[FRAME_SIZE - sizeof(struct ether_header)];
} __attribute__((packed)) Frame;

typedef enum Kind { ARP, UDP, UDP6, SOLICIT, ADVERTISE, ROUTER, LISTENER, TAGGED, OTHER } Kind;

/* A frame in words; what is NULL is the guest's own. */
typedef struct Sketch {
    const char *what;
    bool passes; /* the lock */
    Kind kind;
    const char *from;    /* MAC */
    const char *source;  /* address; of ARP the sender's */
    const char *subject; /* MAC that ARP tells, or the target of a neighbour message */
    uint16_t from_port, to_port;
} Sketch;

static const Sketch sketches[] = {
    {"IPv4", true, UDP},
    {"IPv4 from another MAC", false, UDP, .from = OTHER_MAC},
    {"IPv4 from another address", false, UDP, .source = OTHER_IP},
    {"IPv4 from no address", false, UDP, .source = "0.0.0.0"},
    {"a question to a DHCP server", true, UDP, .source = "0.0.0.0", .from_port = 68, .to_port = 67},
    {"the same from another address", false, UDP, .source = OTHER_IP, .from_port = 68,
     .to_port = 67},
    {"an answer of a DHCP server", false, UDP, .source = OTHER_IP, .from_port = 67, .to_port = 68},
    {"ARP", true, ARP},
    {"ARP for another address", false, ARP, .source = OTHER_IP},
    {"ARP with another MAC in it", false, ARP, .subject = OTHER_MAC},
    {"ARP from another MAC", false, ARP, .from = OTHER_MAC},
    {"ARP that looks for a conflict", true, ARP, .source = "0.0.0.0"},
    {"IPv6", true, UDP6},
    {"IPv6 from another address", false, UDP6, .source = OTHER_IP6},
    {"IPv6 from a link-local address", false, UDP6, .source = "fe80::1"},
    {"a neighbour solicitation", true, SOLICIT, .subject = OTHER_IP6},
    {"one that looks for a conflict", true, SOLICIT, .source = "::", .subject = OWN_IP6},
    {"one for what is not its own", false, SOLICIT, .source = "::", .subject = OTHER_IP6},
    {"a neighbour advertisement", true, ADVERTISE},
    {"one for another address", false, ADVERTISE, .subject = OTHER_IP6},
    {"one from another address", false, ADVERTISE, .source = OTHER_IP6},
    {"a router advertisement", false, ROUTER},
    {"a multicast listener's report", true, LISTENER, .source = "fe80::1"},
    {"a frame of a VLAN", false, TAGGED},
    {"a frame of another protocol", false, OTHER},
};

static void parse_mac(const char *text, unsigned char mac[ETH_ALEN])
{
    for (unsigned i = 0; i < ETH_ALEN; i++) {
        mac[i] = (unsigned char)(g_ascii_xdigit_value(text[3 * i]) << 4 |
                                 g_ascii_xdigit_value(text[3 * i + 1]));
    }
}

static void put_arp(Frame *frame, const Sketch *sketch)
{
    struct ether_arp *arp = (struct ether_arp *)frame->rest;
    frame->ether.ether_type = htons(ETHERTYPE_ARP);
    arp->arp_hrd = htons(ARPHRD_ETHER);
    arp->arp_pro = htons(ETHERTYPE_IP);
    arp->arp_hln = ETH_ALEN;
    arp->arp_pln = sizeof(struct in_addr);
    arp->arp_op = htons(ARPOP_REQUEST);
    parse_mac(sketch->subject ? sketch->subject : OWN_MAC, arp->arp_sha);
    inet_pton(AF_INET, sketch->source ? sketch->source : OWN_IP, arp->arp_spa);
}

/* Netfilter looks at it before a bridge passes the frame on. */
static uint16_t checksum(const void *header, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2) {
        uint16_t word;
        memcpy(&word, (const char *)header + i, sizeof word);
        sum += word;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

static void put_udp(Frame *frame, const Sketch *sketch)
{
    struct iphdr *ip = (struct iphdr *)frame->rest;
    struct udphdr *udp = (struct udphdr *)(ip + 1);
    frame->ether.ether_type = htons(ETHERTYPE_IP);
    ip->version = 4;
    ip->ihl = 5;
    ip->ttl = 64;
    ip->protocol = IPPROTO_UDP;
    ip->tot_len = htons(sizeof frame->rest);
    inet_pton(AF_INET, sketch->source ? sketch->source : OWN_IP, &ip->saddr);
    ip->daddr = htonl(INADDR_BROADCAST);
    ip->check = checksum(ip, sizeof *ip);
    udp->source = htons(sketch->from_port ? sketch->from_port : 9);
    udp->dest = htons(sketch->to_port ? sketch->to_port : 9);
    udp->len = htons(sizeof frame->rest - sizeof *ip);
}

static struct icmp6_hdr *put_ipv6(Frame *frame, const Sketch *sketch, unsigned char protocol)
{
    struct ip6_hdr *ip = (struct ip6_hdr *)frame->rest;
    frame->ether.ether_type = htons(ETHERTYPE_IPV6);
    ip->ip6_vfc = 6 << 4;
    ip->ip6_hlim = 255;
    ip->ip6_nxt = protocol;
    ip->ip6_plen = htons(sizeof frame->rest - sizeof *ip);
    inet_pton(AF_INET6, sketch->source ? sketch->source : OWN_IP6, &ip->ip6_src);
    inet_pton(AF_INET6, "ff02::1", &ip->ip6_dst);
    return (struct icmp6_hdr *)(ip + 1);
}

static void put_neighbour(Frame *frame, const Sketch *sketch, uint8_t type)
{
    struct icmp6_hdr *icmp = put_ipv6(frame, sketch, IPPROTO_ICMPV6);
    icmp->icmp6_type = type;
    inet_pton(AF_INET6, sketch->subject ? sketch->subject : OWN_IP6, icmp + 1);
}

static Frame make_frame(const Sketch *sketch)
{
    Frame frame = {0};
    memset(frame.ether.ether_dhost, 0xff, ETH_ALEN);
    parse_mac(sketch->from ? sketch->from : OWN_MAC, frame.ether.ether_shost);
    switch (sketch->kind) {
    case ARP:
        put_arp(&frame, sketch);
        break;
    case UDP:
        put_udp(&frame, sketch);
        break;
    case UDP6:
        put_ipv6(&frame, sketch, IPPROTO_UDP);
        break;
    case SOLICIT:
        put_neighbour(&frame, sketch, ND_NEIGHBOR_SOLICIT);
        break;
    case ADVERTISE:
        put_neighbour(&frame, sketch, ND_NEIGHBOR_ADVERT);
        break;
    case ROUTER:
        put_neighbour(&frame, sketch, ND_ROUTER_ADVERT);
        break;
    case LISTENER:
        put_neighbour(&frame, sketch, MLD_LISTENER_REPORT);
        break;
    case TAGGED:
        frame.ether.ether_type = htons(ETHERTYPE_VLAN);
        break;
    case OTHER:
        frame.ether.ether_type = htons(0x88b5); /* for local experiments */
        break;
    }
    return frame;
}

static bool send_frame(int fd, const Sketch *sketch, const char mark[4])
{
    Frame frame = make_frame(sketch);
    memcpy((unsigned char *)&frame.ether + MARK_OFFSET, mark, 4);
    return write(fd, &frame, sizeof frame) == sizeof frame;
}

/* Reads until a frame with the mark "end." comes; whether one with "seen" came before. */
static bool was_seen(NwFixture *fix, int fd)
{
    for (bool seen = false;;) {
        Err *err = NULL;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_ok(op_poll(fix->op, &wait, 1, &err), err);
        unsigned char got[2048];
        ssize_t length = read(fd, got, sizeof got);
        if (length != sizeof(Frame)) {
            continue; /* the host's own chatter */
        }
        const unsigned char *mark = got + NW_VNET_HEADER + MARK_OFFSET;
        seen |= memcmp(mark, "seen", 4) == 0;
        if (memcmp(mark, "end.", 4) == 0) {
            return seen;
        }
    }
}

static bool passes(NwFixture *fix, int from, int to, const Sketch *sketch)
{
    static const Sketch plain = {"", true, UDP};
    send_frame(from, sketch, "seen");
    g_assert_true(send_frame(from, &plain, "end."));
    return was_seen(fix, to);
}

typedef struct Pair {
    int guest, other;
    NwPort port; /* of the guest */
} Pair;

static Pair start_pair(NwFixture *fix, NwLocking locking)
{
    static const char *const ipv4[] = {OWN_IP, NULL};
    static const char *const ipv6[] = {OWN_IP6, NULL};
    Err *err = NULL;
    nw_create_bridge(fix, "xapi0", 1500, NULL);
    Pair pair = {
        .other = nw_attach_port(fix, "xapi0", "tap1"),
        .port = {.name = "tap0",
                 .bridge = "xapi0",
                 .mtu = 1500,
                 .policy = {.locking = locking, .mac = OWN_MAC, .ipv4 = ipv4, .ipv6 = ipv6}},
    };
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, &pair.port, &pair.guest, &err), err);
    return pair;
}

static void stop_pair(NwFixture *fix, Pair *pair)
{
    Err *err = NULL;
    fd_close(&pair->guest);
    fd_close(&pair->other);
    assert_ok(fix->driver->port_detach(fix->nw, fix->op, "tap0", &err), err);
    assert_ok(fix->driver->port_detach(fix->nw, fix->op, "tap1", &err), err);
    nw_destroy_bridge(fix, "xapi0");
}

static void change(NwFixture *fix, Pair *pair, NwLocking locking)
{
    Err *err = NULL;
    pair->port.policy.locking = locking;
    assert_ok(fix->driver->port_change(fix->nw, fix->op, &pair->port, &err), err);
}

static void test_unlocked(NwFixture *fix)
{
    Pair pair = start_pair(fix, NW_UNLOCKED);
    for (size_t i = 0; i < G_N_ELEMENTS(sketches); i++) {
        if (!passes(fix, pair.guest, pair.other, &sketches[i])) {
            g_error("%s does not pass an open port", sketches[i].what);
        }
    }
    stop_pair(fix, &pair);
}

static void test_locked(NwFixture *fix)
{
    Pair pair = start_pair(fix, NW_LOCKED);
    for (size_t i = 0; i < G_N_ELEMENTS(sketches); i++) {
        if (passes(fix, pair.guest, pair.other, &sketches[i]) != sketches[i].passes) {
            g_error("%s %s", sketches[i].what, sketches[i].passes ? "is held back" : "passes");
        }
    }
    stop_pair(fix, &pair);
}

/* No addresses: nothing passes but what asks for one. */
static void test_locked_without_addresses(NwFixture *fix)
{
    static const Sketch ask = {"", true, UDP, .source = "0.0.0.0", .from_port = 68, .to_port = 67};
    static const Sketch ipv4 = {"", false, UDP}, arp = {"", false, ARP}, ipv6 = {"", false, UDP6};
    const Sketch *const held[] = {&ipv4, &arp, &ipv6};
    Pair pair = start_pair(fix, NW_UNLOCKED);
    pair.port.policy.ipv4 = pair.port.policy.ipv6 = NULL;
    change(fix, &pair, NW_LOCKED);
    for (size_t i = 0; i < G_N_ELEMENTS(held); i++) {
        send_frame(pair.guest, held[i], "seen");
    }
    g_assert_true(send_frame(pair.guest, &ask, "end."));
    g_assert_false(was_seen(fix, pair.other));
    stop_pair(fix, &pair);
}

static void test_changed_while_open(NwFixture *fix)
{
    const Sketch spoofed = {"", false, UDP, .from = OTHER_MAC};
    Pair pair = start_pair(fix, NW_UNLOCKED);
    g_assert_true(passes(fix, pair.guest, pair.other, &spoofed));
    change(fix, &pair, NW_LOCKED);
    g_assert_false(passes(fix, pair.guest, pair.other, &spoofed));
    change(fix, &pair, NW_LOCKED);
    g_assert_false(passes(fix, pair.guest, pair.other, &spoofed));
    change(fix, &pair, NW_UNLOCKED);
    g_assert_true(passes(fix, pair.guest, pair.other, &spoofed));
    stop_pair(fix, &pair);
}

static void test_disabled(NwFixture *fix)
{
    const Sketch plain = {"", true, UDP};
    Pair pair = start_pair(fix, NW_DISABLED);
    g_assert_false(send_frame(pair.guest, &plain, "seen"));
    g_assert_true(send_frame(pair.other, &plain, "seen"));
    change(fix, &pair, NW_UNLOCKED);
    g_assert_true(send_frame(pair.guest, &plain, "end."));
    g_assert_false(was_seen(fix, pair.other));
    g_assert_true(send_frame(pair.other, &plain, "end."));
    g_assert_false(was_seen(fix, pair.guest));
    stop_pair(fix, &pair);
}

static void test_moved(NwFixture *fix)
{
    const Sketch plain = {"", true, UDP};
    Err *err = NULL;
    Pair pair = start_pair(fix, NW_LOCKED);
    nw_create_bridge(fix, "xapi1", 1500, NULL);
    int there = nw_attach_port(fix, "xapi1", "tap2");
    pair.port.bridge = "xapi1";
    change(fix, &pair, NW_LOCKED);
    g_assert_true(passes(fix, pair.guest, there, &plain));
    g_assert_true(send_frame(there, &plain, "end."));
    g_assert_false(was_seen(fix, pair.guest));
    pair.port.bridge = "nowhere";
    nw_assert_fails(fix->driver->port_change(fix->nw, fix->op, &pair.port, &err), &err);
    fd_close(&there);
    stop_pair(fix, &pair);
    nw_destroy_bridge(fix, "xapi1");
}

/* An earlier daemon's rules: nothing of its memory is left, and they are found. */
static void test_rules_go_with_the_port(NwFixture *fix)
{
    Err *err = NULL;
    Pair pair = start_pair(fix, NW_LOCKED);
    g_autofree char *during = nw_read(fix, "nft list table bridge clearwater");
    g_assert_nonnull(strstr(during, "chain tap0"));
    Nw *later = fix->driver->open(fix->state_dir, &err);
    fd_close(&pair.guest);
    assert_ok(fix->driver->port_detach(later, fix->op, "tap0", &err), err);
    fix->driver->close(later);
    g_autofree char *after = nw_read(fix, "nft list table bridge clearwater");
    g_assert_null(strstr(after, "tap0"));
    stop_pair(fix, &pair);
}

static bool has_interface(NwFixture *fix, const char *name)
{
    NwInterface interface;
    return nw_find_interface(fix, name, &interface);
}

/* Far more than the bucket and the queue hold: some is dropped, whatever time it takes. */
static void test_rate(NwFixture *fix)
{
    const Sketch plain = {"", true, UDP};
    Pair pair = start_pair(fix, NW_UNLOCKED);
    g_assert_false(has_interface(fix, "ifb0"));
    pair.port.policy.rate = 20 * 1024;
    change(fix, &pair, NW_LOCKED);
    change(fix, &pair, NW_LOCKED);
    for (unsigned i = 0; i < 2000; i++) {
        g_assert_true(send_frame(pair.guest, &plain, "seen"));
    }
    for (bool limited = false; !limited;) {
        Err *err = NULL;
        g_autofree char *queue = nw_read(fix, "tc -s qdisc show dev ifb0");
        g_assert_nonnull(strstr(queue, "rate 163840bit"));
        limited = !strstr(queue, "overlimits 0") && !strstr(queue, "dropped 0,");
        assert_ok(op_check(fix->op, &err), err);
    }
    pair.port.policy.rate = 0;
    change(fix, &pair, NW_LOCKED);
    g_assert_false(has_interface(fix, "ifb0"));
    const Sketch other = {"", false, ARP};
    g_assert_true(passes(fix, pair.guest, pair.other, &other));
    pair.port.policy.rate = 1024 * 1024;
    change(fix, &pair, NW_UNLOCKED);
    g_assert_true(has_interface(fix, "ifb0"));
    g_assert_true(send_frame(pair.guest, &plain, "end."));
    was_seen(fix, pair.other);
    stop_pair(fix, &pair);
    g_assert_false(has_interface(fix, "ifb0"));
}

static const NwCase cases[] = {
    {"unlocked", test_unlocked, true},
    {"locked", test_locked, true},
    {"locked-without-addresses", test_locked_without_addresses, true},
    {"changed-while-open", test_changed_while_open, true},
    {"disabled", test_disabled, true},
    {"moved", test_moved, true},
    {"rules-go-with-the-port", test_rules_go_with_the_port, true},
    {"rate", test_rate, true},
};

int main(int argc, char **argv)
{
    return nw_run_cases(argc, argv, cases, G_N_ELEMENTS(cases));
}
