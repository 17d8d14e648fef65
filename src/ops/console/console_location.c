#include "ops/console/console_location.h"

#include "gen/db_console.h"
#include "ops/host/host_address.h"

enum { HTTPS_PORT = 443 };

void console_location_write(DbTxn *txn, Platform *platform, ConsoleRef console)
{
    const DbView *view = db_txn_view(txn);
    const char *address = host_address_text(view, platform);
    bool is_ipv6 = strchr(address, ':') != NULL;
    uint16_t number = platform_config(platform)->https_port;
    g_autofree char *port = number == HTTPS_PORT ? g_strdup("") : g_strdup_printf(":%u", number);
    g_autofree char *location =
        g_strdup_printf("https://%s%s%s%s/console?uuid=%s", is_ipv6 ? "[" : "", address,
                        is_ipv6 ? "]" : "", port, db_console_uuid(view, console));
    db_console_set_location(txn, console, location);
}
