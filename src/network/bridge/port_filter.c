/* One command of nft is one transaction of the kernel: either all rules of a port are there or
 * none.  The order within a chain: wrong MAC, ARP, IPv4, IPv6, and nothing else. */
#include "network/bridge/port_filter.h"

#include "base/subprocess.h"

#include <arpa/inet.h>

#define TABLE "bridge clearwater"

/* Before anything else looks at a frame. The table is made anew by each command that needs it. */
static const char TABLE_COMMANDS[] =
    "add table " TABLE "\n"
    "add map " TABLE " ports { type ifname : verdict ; }\n"
    "add chain " TABLE " prerouting "
    "{ type filter hook prerouting priority -300 ; policy accept ; }\n"
    "flush chain " TABLE " prerouting\n"
    "add rule " TABLE " prerouting iifname vmap @ports\n";

static bool run(Op *op, const char *commands, Err **err);
static bool read_names(PortFilter *filter, Op *op, Err **err);
static void add_rule(GString *text, const char *port, const char *fmt, ...) G_GNUC_PRINTF(3, 4);
static void add_ipv4_rules(GString *text, const NwPort *port);
static void add_ipv6_rules(GString *text, const NwPort *port);
static GString *join_ipv4(const char *const *addresses, const char *first);
static GString *join_ipv6(const char *const *addresses);
static GString *join_targets(const char *const *addresses);

void port_filter_init(PortFilter *filter)
{
    *filter = (PortFilter){0};
    turn_init(&filter->turn, LOCK_NETWORK);
}

void port_filter_clear(PortFilter *filter)
{
    turn_clear(&filter->turn);
    g_clear_pointer(&filter->names, g_hash_table_unref);
}

bool port_filter_lock(PortFilter *filter, Op *op, const NwPort *port, Err **err)
{
    g_auto(TurnGuard) guard = NULL;
    if (!turn_take(&filter->turn, op, &guard, err)) {
        return false;
    }
    guard = &filter->turn;
    g_autofree char *commands = port_filter_format_lock(port);
    if (!read_names(filter, op, err) || !run(op, commands, err)) {
        return false;
    }
    g_hash_table_add(filter->names, g_strdup(port->name));
    return true;
}

bool port_filter_unlock(PortFilter *filter, Op *op, const char *port, Err **err)
{
    g_auto(TurnGuard) guard = NULL;
    if (!turn_take(&filter->turn, op, &guard, err)) {
        return false;
    }
    guard = &filter->turn;
    if (!read_names(filter, op, err)) {
        return false;
    }
    if (!g_hash_table_contains(filter->names, port)) {
        return true;
    }
    g_autofree char *commands = port_filter_format_unlock(port);
    if (!run(op, commands, err)) {
        return false;
    }
    g_hash_table_remove(filter->names, port);
    return true;
}

char *port_filter_format_lock(const NwPort *port)
{
    const char *name = port->name, *mac = port->policy.mac;
    GString *text = g_string_new(TABLE_COMMANDS);
    g_string_append_printf(text, "add chain " TABLE " %s\nflush chain " TABLE " %s\n", name, name);
    add_rule(text, name, "ether saddr != %s drop", mac);
    add_rule(text, name, "arp saddr ether != %s drop", mac);
    add_ipv4_rules(text, port);
    add_ipv6_rules(text, port);
    add_rule(text, name, "counter drop");
    g_string_append_printf(text, "add element " TABLE " ports { \"%s\" : jump %s }\n", name, name);
    return g_string_free(text, FALSE);
}

char *port_filter_format_unlock(const char *port)
{
    /* What is added first can be deleted whether it was there or not. */
    return g_strdup_printf("%sadd chain " TABLE " %s\n"
                           "add element " TABLE " ports { \"%s\" : jump %s }\n"
                           "delete element " TABLE " ports { \"%s\" }\n"
                           "flush chain " TABLE " %s\n"
                           "delete chain " TABLE " %s\n",
                           TABLE_COMMANDS, port, port, port, port, port, port);
}

GHashTable *port_filter_parse_names(const char *listing)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) parts = g_strsplit(listing, "\"", -1);
    for (unsigned i = 0; parts[i] && parts[i + 1]; i += 2) {
        if (parts[i + 2]) {
            g_hash_table_add(names, g_strdup(parts[i + 1]));
        }
    }
    return names;
}

static bool run(Op *op, const char *commands, Err **err)
{
    const char *argv[] = {"nft", commands, NULL};
    return op_run_ok(op, argv, NULL, err);
}

/* An earlier daemon may have left rules; later ones are known. */
static bool read_names(PortFilter *filter, Op *op, Err **err)
{
    if (filter->names) {
        return true;
    }
    const char *argv[] = {"nft", "list map " TABLE " ports", NULL};
    g_auto(SubprocessResult) result = {0};
    if (!op_run(op, argv, &result, err)) {
        return false;
    }
    /* There is no table before the first port is locked. */
    filter->names = port_filter_parse_names(result.exit_status == 0 ? result.out : "");
    return true;
}

static void add_rule(GString *text, const char *port, const char *fmt, ...)
{
    va_list args;
    g_string_append_printf(text, "add rule " TABLE " %s ", port);
    va_start(args, fmt);
    g_string_append_vprintf(text, fmt, args);
    va_end(args);
    g_string_append_c(text, '\n');
}

/* Asking by ARP from 0.0.0.0 whether an address is taken tells nobody anything false. */
static void add_ipv4_rules(GString *text, const NwPort *port)
{
    g_autoptr(GString) sources = join_ipv4(port->policy.ipv4, "0.0.0.0");
    add_rule(text, port->name, "arp saddr ip { %s } accept", sources->str);
    add_rule(text, port->name, "ip saddr { %s } udp sport 68 udp dport 67 accept", sources->str);
    if (port->policy.ipv4 && port->policy.ipv4[0]) {
        g_autoptr(GString) own = join_ipv4(port->policy.ipv4, NULL);
        add_rule(text, port->name, "ip saddr { %s } accept", own->str);
    }
}

/* A neighbour advertisement speaks for its target, not for its source: both must be the guest's.
 * Routers and their redirects are the network's business. */
static void add_ipv6_rules(GString *text, const NwPort *port)
{
    const char *name = port->name;
    if (!port->policy.ipv6 || !port->policy.ipv6[0]) {
        return;
    }
    g_autoptr(GString) own = join_ipv6(port->policy.ipv6);
    g_autoptr(GString) targets = join_targets(port->policy.ipv6);
    add_rule(text, name, "icmpv6 type { nd-router-advert, nd-redirect } drop");
    add_rule(text, name, "icmpv6 type nd-neighbor-advert @th,64,128 != { %s } drop", targets->str);
    add_rule(text, name, "ip6 saddr :: icmpv6 type nd-neighbor-solicit @th,64,128 { %s } accept",
             targets->str);
    add_rule(text, name,
             "ip6 saddr { ::, fe80::/10 } icmpv6 type "
             "{ mld-listener-report, mld-listener-done, mld2-listener-report } accept");
    add_rule(text, name, "ip6 saddr { %s } accept", own->str);
}

static GString *join_ipv4(const char *const *addresses, const char *first)
{
    GString *text = g_string_new(first);
    for (; addresses && *addresses; addresses++) {
        g_string_append_printf(text, "%s%s", text->len ? ", " : "", *addresses);
    }
    return text;
}

/* In the form that the kernel prints, for nft reads no other of some. */
static GString *join_ipv6(const char *const *addresses)
{
    GString *text = g_string_new(NULL);
    for (; *addresses; addresses++) {
        struct in6_addr binary;
        char plain[INET6_ADDRSTRLEN];
        if (inet_pton(AF_INET6, *addresses, &binary) == 1 &&
            inet_ntop(AF_INET6, &binary, plain, sizeof plain)) {
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", plain);
        }
    }
    return text;
}

/* As numbers: nft of Debian 12 has no name for the target of a neighbour message. */
static GString *join_targets(const char *const *addresses)
{
    GString *text = g_string_new(NULL);
    for (; *addresses; addresses++) {
        struct in6_addr binary;
        if (inet_pton(AF_INET6, *addresses, &binary) != 1) {
            continue;
        }
        g_string_append(text, text->len ? ", 0x" : "0x");
        for (size_t i = 0; i < sizeof binary.s6_addr; i++) {
            g_string_append_printf(text, "%02x", binary.s6_addr[i]);
        }
    }
    return text;
}
