/* Tables of names; what one agent calls attr/eth0/ip is attr/vif/0/ipv4/0 to another. */
#include "hv/xen/guestinfo.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define MAX_ADDRESSES 32 /* of each family for one NIC */

typedef struct Source {
    XenGuestRead read;
    void *user;
} Source;

typedef struct Name {
    const char *name, *path;
} Name;

static char *xen_guestinfo_text(const Source *source, const char *path);
static char **xen_guestinfo_list(const Source *source, const Name *names, unsigned count);
static char **xen_guestinfo_networks(const Source *source, unsigned nics);
static void xen_guestinfo_family(const Source *source, GStrvBuilder *list, unsigned nic,
                                 int family);
static char *xen_guestinfo_address(const Source *source, unsigned nic, int family, unsigned nth);
static char *xen_guestinfo_version(const Source *source);

void xen_guestinfo_read(XenGuestRead read, void *user, unsigned nics, HvGuestInfo *ret_info)
{
    static const Name os_names[] = {
        {"name", "data/os_name"},      {"uname", "data/os_uname"},    {"distro", "data/os_distro"},
        {"major", "data/os_majorver"}, {"minor", "data/os_minorver"},
    };
    static const Name memory_names[] = {
        {"total", "data/meminfo_total"},
        {"free", "data/meminfo_free"},
    };
    static const Name other_names[] = {
        {"feature-poweroff", "control/feature-poweroff"},
        {"feature-reboot", "control/feature-reboot"},
        {"feature-suspend", "control/feature-suspend"},
        {"feature-balloon", "control/feature-balloon"},
        {"feature-shutdown", "control/feature-shutdown"},
        {"feature-ts", "control/feature-ts"},
        {"feature-ts2", "control/feature-ts2"},
        {"data-ts", "data/ts"},
    };
    const Source source = {read, user};
    g_autofree char *installed = xen_guestinfo_text(&source, "attr/PVAddons/Installed");
    g_autofree char *updated = xen_guestinfo_text(&source, "data/updated");
    *ret_info = (HvGuestInfo){
        .alive = updated || text_equal(installed, "1"),
        .os_version = xen_guestinfo_list(&source, os_names, G_N_ELEMENTS(os_names)),
        .networks = xen_guestinfo_networks(&source, nics),
        .memory = xen_guestinfo_list(&source, memory_names, G_N_ELEMENTS(memory_names)),
        .other = xen_guestinfo_list(&source, other_names, G_N_ELEMENTS(other_names)),
        .hostname = xen_guestinfo_text(&source, "data/host_name"),
        .agent_version = xen_guestinfo_version(&source),
    };
}

/* A value of a sane length which every client can be sent; else NULL. (owned) */
static char *xen_guestinfo_text(const Source *source, const char *path)
{
    char *text = source->read(source->user, path);
    size_t length = text ? strlen(text) : 0;
    bool good = length > 0 && length <= XEN_GUEST_MAX_TEXT && text_is_utf8_xml(text, length);
    char *copy = good ? g_strdup(text) : NULL;
    free(text);
    return copy;
}

static char **xen_guestinfo_list(const Source *source, const Name *names, unsigned count)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = xen_guestinfo_text(source, names[i].path);
        if (text) {
            g_strv_builder_add_many(list, names[i].name, text, NULL);
        }
    }
    return g_strv_builder_end(list);
}

static char **xen_guestinfo_networks(const Source *source, unsigned nics)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (unsigned nic = 0; nic < nics; nic++) {
        xen_guestinfo_family(source, list, nic, AF_INET);
        xen_guestinfo_family(source, list, nic, AF_INET6);
    }
    return g_strv_builder_end(list);
}

/* "0/ip" is the first IPv4 address; all of a kind are "0/ipv4/0", "0/ipv4/1", ... */
static void xen_guestinfo_family(const Source *source, GStrvBuilder *list, unsigned nic, int family)
{
    for (unsigned nth = 0; nth < MAX_ADDRESSES; nth++) {
        g_autofree char *address = xen_guestinfo_address(source, nic, family, nth);
        if (!address) {
            return;
        }
        if (family == AF_INET && nth == 0) {
            g_autofree char *first = g_strdup_printf("%u/ip", nic);
            g_strv_builder_add_many(list, first, address, NULL);
        }
        g_autofree char *name =
            g_strdup_printf("%u/%s/%u", nic, family == AF_INET ? "ipv4" : "ipv6", nth);
        g_strv_builder_add_many(list, name, address, NULL);
    }
}

static char *xen_guestinfo_address(const Source *source, unsigned nic, int family, unsigned nth)
{
    bool v4 = family == AF_INET;
    g_autofree char *path = g_strdup_printf("attr/vif/%u/%s/%u", nic, v4 ? "ipv4" : "ipv6", nth);
    g_autofree char *address = xen_guestinfo_text(source, path);
    if (!address && (!v4 || nth == 0)) {
        g_autofree char *old = v4 ? g_strdup_printf("attr/eth%u/ip", nic)
                                  : g_strdup_printf("attr/eth%u/ipv6/%u/addr", nic, nth);
        address = xen_guestinfo_text(source, old);
    }
    unsigned char binary[sizeof(struct in6_addr)];
    return address && inet_pton(family, address, binary) == 1 ? g_steal_pointer(&address) : NULL;
}

/* "7.20.0-9", as far as it is told. */
static char *xen_guestinfo_version(const Source *source)
{
    static const Name parts[] = {
        {"", "attr/PVAddons/MajorVersion"},
        {".", "attr/PVAddons/MinorVersion"},
        {".", "attr/PVAddons/MicroVersion"},
        {"-", "attr/PVAddons/BuildVersion"},
    };
    g_autoptr(GString) version = g_string_new(NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *text = xen_guestinfo_text(source, parts[i].path);
        if (!text) {
            break;
        }
        g_string_append_printf(version, "%s%s", parts[i].name, text);
    }
    return version->len > 0 ? g_strdup(version->str) : NULL;
}
