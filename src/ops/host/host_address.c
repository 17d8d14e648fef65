/* A lease may change at any time, so that everything which names the host by its address is written
 * anew in the transaction that changes the address. */
#include "ops/host/host_address.h"

#include "base/text.h"
#include "gen/db_console.h"
#include "gen/db_host.h"
#include "gen/db_pif.h"
#include "ops/console/console_location.h"
#include "ops/host/host_management.h"

static char *address_of(const DbView *view, PifRef pif);

void host_address_follow(DbTxn *txn, Platform *platform)
{
    HostRef host = platform_host(platform);
    const DbView *view = db_txn_view(txn);
    g_autofree char *address = db_host_management_set(view, host)
                                   ? address_of(view, host_management_pif(view, host))
                                   : g_strdup(platform_config(platform)->address);
    if (text_equal(db_host_address(view, host), address)) {
        return;
    }
    db_host_set_address(txn, host, address);
    if (*address) {
        g_autoptr(GArray) consoles = db_console_all(db_txn_view(txn));
        for (guint i = 0; i < consoles->len; i++) {
            console_location_write(txn, platform, g_array_index(consoles, ConsoleRef, i));
        }
    }
}

const char *host_address_text(const DbView *view, const Platform *platform)
{
    const char *address = db_host_address(view, platform_host(platform));
    return *address ? address : platform_config(platform)->address;
}

/* (owned) */
static char *address_of(const DbView *view, PifRef pif)
{
    if (pif_ref_is_null(pif)) {
        return g_strdup("");
    }
    if (db_pif_primary_address_type(view, pif) == PRIMARY_ADDRESS_TYPE_IPV4) {
        return g_strdup(db_pif_ip(view, pif));
    }
    const Value *addresses = db_pif_ipv6(view, pif);
    const char *cidr = value_count(addresses) ? value_string(value_at(addresses, 0)) : "";
    return g_strndup(cidr, strcspn(cidr, "/"));
}
