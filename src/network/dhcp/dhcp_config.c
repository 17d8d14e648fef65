/* The texts that dnsmasq reads and writes. */
#include "network/dhcp/dhcp_config.h"

#include "base/text.h"

#include <arpa/inet.h>

#define LEASE_TIME "24h"
#define LEASE_MAX  16384 /* of one server */
#define DOMAIN_MAX 253   /* characters, RFC 1035 */

static bool check_addresses(const NwDhcp *dhcp, char netmask[16], Err **err);
static bool check_domain(const char *domain, Err **err);
static bool check_path(const char *path, Err **err);
static bool is_lease_for(char *const *fields, const char *mac, int64_t now);

char *dhcp_config_format(const NwDhcp *dhcp, const char *user, Err **err)
{
    char netmask[INET_ADDRSTRLEN];
    if (!nw_check_name(dhcp->bridge, err) || !check_addresses(dhcp, netmask, err) ||
        (dhcp->domain && !check_domain(dhcp->domain, err)) || !check_path(dhcp->state_dir, err)) {
        return NULL;
    }
    GString *text = g_string_new(NULL);
    g_string_append_printf(text,
                           "interface=%s\n"
                           "except-interface=lo\n"
                           "bind-interfaces\n"
                           "port=0\n" /* no DNS */
                           "dhcp-authoritative\n"
                           "no-ping\n"
                           "dhcp-range=%s,%s,%s," LEASE_TIME "\n"
                           "dhcp-lease-max=%d\n"
                           /* Without a value: such an option is not sent. Nothing is routed. */
                           "dhcp-option=option:router\n"
                           "dhcp-option=option:dns-server\n"
                           "dhcp-leasefile=%s/" DHCP_LEASE_FILE "\n"
                           "pid-file=%s/" DHCP_PID_FILE "\n"
                           "user=%s\n",
                           dhcp->bridge, dhcp->first, dhcp->last, netmask, LEASE_MAX,
                           dhcp->state_dir, dhcp->state_dir, user);
    if (dhcp->domain) {
        g_string_append_printf(text, "domain=%s\n", dhcp->domain);
    }
    return g_string_free(text, FALSE);
}

/* A line reads "<expiry> <mac> <ip> <hostname> <client id>"; expiry 0 means never. */
char *dhcp_config_find_lease(const char *text, const char *mac, int64_t now)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], " ", -1);
        if (is_lease_for(fields, mac, now)) {
            return g_strdup(fields[2]);
        }
    }
    return g_strdup("");
}

static bool check_addresses(const NwDhcp *dhcp, char netmask[16], Err **err)
{
    struct in_addr host, first, last, mask;
    if (inet_pton(AF_INET, dhcp->host_ip, &host) != 1 ||
        inet_pton(AF_INET, dhcp->first, &first) != 1 ||
        inet_pton(AF_INET, dhcp->last, &last) != 1 || dhcp->prefix < 1 || dhcp->prefix > 30) {
        return err_internal(err, "%s/%u, %s to %s are no addresses to serve on %s", dhcp->host_ip,
                            dhcp->prefix, dhcp->first, dhcp->last, dhcp->bridge);
    }
    mask.s_addr = htonl(UINT32_MAX << (32 - dhcp->prefix));
    if (((host.s_addr ^ first.s_addr) & mask.s_addr) ||
        ((host.s_addr ^ last.s_addr) & mask.s_addr) || ntohl(first.s_addr) > ntohl(last.s_addr)) {
        return err_internal(err, "%s to %s is no range of the network %s/%u", dhcp->first,
                            dhcp->last, dhcp->host_ip, dhcp->prefix);
    }
    return inet_ntop(AF_INET, &mask, netmask, INET_ADDRSTRLEN) != NULL;
}

static bool check_domain(const char *domain, Err **err)
{
    bool valid = domain[0] && strlen(domain) <= DOMAIN_MAX;
    for (const char *c = domain; *c; c++) {
        valid = valid && (g_ascii_isalnum(*c) || *c == '-' || *c == '.');
    }
    return valid || err_internal(err, "'%s' is no domain name", domain);
}

static bool check_path(const char *path, Err **err)
{
    bool valid = path[0] == '/';
    for (const char *c = path; *c; c++) {
        valid = valid && g_ascii_isgraph(*c) && *c != '#' && *c != '"' && *c != '\\';
    }
    return valid || err_internal(err,
                                 "the folder '%s' cannot be named in a configuration of "
                                 "dnsmasq; use letters, digits and - . _ /",
                                 path);
}

static bool is_lease_for(char *const *fields, const char *mac, int64_t now)
{
    int64_t expiry;
    struct in_addr address;
    return g_strv_length((char **)fields) >= 4 && text_parse_int(fields[0], &expiry) &&
           (expiry == 0 || expiry > now) && g_ascii_strcasecmp(fields[1], mac) == 0 &&
           inet_pton(AF_INET, fields[2], &address) == 1;
}
