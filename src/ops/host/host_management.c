/* host.management_reconfigure and get_management_interface. */
#include "ops/host/host_management.h"

#include "gen/db_host.h"
#include "gen/db_pif.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

bool host_management_reconfigure(Call *call, const HostManagementReconfigureArgs *args, Err **err)
{
    return host_management_move(call, args->pif, err);
}

bool host_get_management_interface(Call *call, const HostGetManagementInterfaceArgs *args,
                                   PifRef *ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    PifRef pif = host_management_pif(call_view(call), args->host);
    if (pif_ref_is_null(pif)) {
        return err_host_has_no_management_ip(err);
    }
    *ret_result = pif;
    return true;
}

PifRef host_management_pif(const DbView *view, HostRef host)
{
    for (unsigned i = 0; i < db_host_pifs_count(view, host); i++) {
        PifRef pif = db_host_pifs_at(view, host, i);
        if (db_pif_management(view, pif)) {
            return pif;
        }
    }
    return (PifRef){{{0}}};
}

bool host_management_move(Call *call, PifRef pif, Err **err)
{
    const DbView *view = call_view(call);
    return db_pif_management(view, pif) ||
           err_operation_not_allowed(err, "The management interface follows from the address that "
                                          "clearwater.conf names; change https and address there");
}
