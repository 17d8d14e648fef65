/* From the agent's JSON (QEMU's docs/interop/qemu-ga-ref) to names and values. */
#include "hv/qemu/guestinfo.h"

#include "base/text.h"

#include <arpa/inet.h>

#define MAX_INTERFACES 256

static bool qemu_guestinfo_lists_equal(char **a, char **b);
static const char *qemu_guestinfo_text(const Value *record, const char *name);
static void qemu_guestinfo_add(GStrvBuilder *list, const char *name, const char *value);
static char **qemu_guestinfo_os_version(const Value *os);
static void qemu_guestinfo_add_version(GStrvBuilder *list, const char *version);
static char **qemu_guestinfo_other(const Value *info);
static char **qemu_guestinfo_networks(const Value *interfaces, const GPtrArray *nics);
static const QemuNic *qemu_guestinfo_find_nic(const GPtrArray *nics, const char *mac);
static void qemu_guestinfo_add_addresses(GStrvBuilder *list, unsigned position,
                                         const Value *addresses);
static bool qemu_guestinfo_is_address(const char *kind, const char *address, bool *ret_v6);

void qemu_guestinfo_read(const QemuGuestAnswers *answers, const GPtrArray *nics,
                         HvGuestInfo *ret_info)
{
    *ret_info = (HvGuestInfo){
        .alive = true,
        .os_version = qemu_guestinfo_os_version(answers->os),
        .networks = qemu_guestinfo_networks(answers->interfaces, nics),
        .memory = g_new0(char *, 1),
        .other = qemu_guestinfo_other(answers->info),
        .hostname = g_strdup(qemu_guestinfo_text(answers->hostname, "host-name")),
        .agent_version = g_strdup(qemu_guestinfo_text(answers->info, "version")),
    };
}

char **qemu_guestinfo_memory(const Value *balloon_stats)
{
    static const struct {
        const char *name, *stat;
    } names[] = {{"total", "stat-total-memory"}, {"free", "stat-available-memory"}};
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    const Value *stats = balloon_stats ? value_get(balloon_stats, "stats") : NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        const Value *bytes = stats ? value_get(stats, names[i].stat) : NULL;
        /* What the guest did not tell is -1. */
        if (bytes && value_kind(bytes) == VALUE_INT && value_int(bytes) >= 0) {
            g_autofree char *kib = g_strdup_printf("%" G_GINT64_FORMAT, value_int(bytes) / 1024);
            qemu_guestinfo_add(list, names[i].name, kib);
        }
    }
    return g_strv_builder_end(list);
}

void qemu_guestinfo_copy(const HvGuestInfo *info, HvGuestInfo *ret_copy)
{
    *ret_copy = (HvGuestInfo){
        .alive = info->alive,
        .os_version = g_strdupv(info->os_version),
        .networks = g_strdupv(info->networks),
        .memory = g_strdupv(info->memory),
        .other = g_strdupv(info->other),
        .hostname = g_strdup(info->hostname),
        .agent_version = g_strdup(info->agent_version),
    };
}

bool qemu_guestinfo_equal(const HvGuestInfo *a, const HvGuestInfo *b)
{
    return a->alive == b->alive && qemu_guestinfo_lists_equal(a->os_version, b->os_version) &&
           qemu_guestinfo_lists_equal(a->networks, b->networks) &&
           qemu_guestinfo_lists_equal(a->other, b->other) && text_equal(a->hostname, b->hostname) &&
           text_equal(a->agent_version, b->agent_version);
}

static bool qemu_guestinfo_lists_equal(char **a, char **b)
{
    return a && b ? g_strv_equal((const char *const *)a, (const char *const *)b) : a == b;
}

/* A member that is a text of a sane length which every client can be sent; else NULL. */
static const char *qemu_guestinfo_text(const Value *record, const char *name)
{
    const char *text = record ? value_get_string(record, name) : NULL;
    if (!text) {
        return NULL;
    }
    size_t length = strlen(text);
    bool good = length > 0 && length <= GUEST_MAX_TEXT && text_is_utf8_xml(text, length);
    return good ? text : NULL;
}

static void qemu_guestinfo_add(GStrvBuilder *list, const char *name, const char *value)
{
    g_strv_builder_add_many(list, name, value, NULL);
}

static char **qemu_guestinfo_os_version(const Value *os)
{
    static const struct {
        const char *name, *member;
    } names[] = {{"name", "pretty-name"}, {"uname", "kernel-release"}, {"distro", "id"}};
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *text = qemu_guestinfo_text(os, names[i].member);
        if (text) {
            qemu_guestinfo_add(list, names[i].name, text);
        }
    }
    const char *version = qemu_guestinfo_text(os, "version-id");
    if (version) {
        qemu_guestinfo_add_version(list, version);
    }
    return g_strv_builder_end(list);
}

/* "12.5" is major 12 and minor 5. */
static void qemu_guestinfo_add_version(GStrvBuilder *list, const char *version)
{
    g_auto(GStrv) parts = g_strsplit(version, ".", 3);
    uint64_t number;
    if (text_parse_uint(parts[0], INT32_MAX, &number)) {
        qemu_guestinfo_add(list, "major", parts[0]);
        bool has_minor = parts[1] && text_parse_uint(parts[1], INT32_MAX, &number);
        qemu_guestinfo_add(list, "minor", has_minor ? parts[1] : "0");
    }
}

/* Features, as guests of XenServer announce them. */
static char **qemu_guestinfo_other(const Value *info)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    const Value *commands = info ? value_get(info, "supported_commands") : NULL;
    unsigned count = commands && value_kind(commands) == VALUE_ARRAY ? value_count(commands) : 0;
    for (unsigned i = 0; i < count; i++) {
        const Value *command = value_at(commands, i);
        const Value *enabled = value_get(command, "enabled");
        if (text_equal(value_get_string(command, "name"), "guest-fsfreeze-freeze") && enabled &&
            value_kind(enabled) == VALUE_BOOL && value_bool(enabled)) {
            qemu_guestinfo_add(list, "feature-quiesce", "1");
        }
    }
    return g_strv_builder_end(list);
}

static char **qemu_guestinfo_networks(const Value *interfaces, const GPtrArray *nics)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    unsigned count = interfaces ? value_count(interfaces) : 0;
    uint32_t seen = 0; /* a bit for each position: a MAC that comes twice counts once */
    for (unsigned i = 0; i < MIN(count, MAX_INTERFACES); i++) {
        const Value *interface = value_at(interfaces, i);
        const char *mac = qemu_guestinfo_text(interface, "hardware-address");
        const QemuNic *nic = mac ? qemu_guestinfo_find_nic(nics, mac) : NULL;
        const Value *addresses = value_get(interface, "ip-addresses");
        if (nic && addresses && !(seen & (1u << (nic->position % 32)))) {
            seen |= 1u << (nic->position % 32);
            qemu_guestinfo_add_addresses(list, nic->position, addresses);
        }
    }
    return g_strv_builder_end(list);
}

static const QemuNic *qemu_guestinfo_find_nic(const GPtrArray *nics, const char *mac)
{
    for (unsigned i = 0; i < nics->len; i++) {
        const QemuNic *nic = g_ptr_array_index(nics, i);
        if (g_ascii_strcasecmp(nic->mac, mac) == 0) {
            return nic;
        }
    }
    return NULL;
}

/* "0/ip" is the first IPv4 address; all of a kind are "0/ipv4/0", "0/ipv4/1", ... */
static void qemu_guestinfo_add_addresses(GStrvBuilder *list, unsigned position,
                                         const Value *addresses)
{
    unsigned counts[2] = {0, 0};
    for (unsigned i = 0; i < value_count(addresses); i++) {
        const Value *entry = value_at(addresses, i);
        const char *address = qemu_guestinfo_text(entry, "ip-address");
        const char *kind = qemu_guestinfo_text(entry, "ip-address-type");
        bool v6;
        if (!address || !qemu_guestinfo_is_address(kind, address, &v6) ||
            counts[v6] == GUEST_MAX_ADDRESSES) {
            continue;
        }
        if (!v6 && counts[v6] == 0) {
            g_autofree char *first = g_strdup_printf("%u/ip", position);
            qemu_guestinfo_add(list, first, address);
        }
        g_autofree char *name =
            g_strdup_printf("%u/%s/%u", position, v6 ? "ipv6" : "ipv4", counts[v6]++);
        qemu_guestinfo_add(list, name, address);
    }
}

static bool qemu_guestinfo_is_address(const char *kind, const char *address, bool *ret_v6)
{
    unsigned char binary[sizeof(struct in6_addr)];
    *ret_v6 = text_equal(kind, "ipv6");
    return (*ret_v6 || text_equal(kind, "ipv4")) &&
           inet_pton(*ret_v6 ? AF_INET6 : AF_INET, address, binary) == 1;
}
