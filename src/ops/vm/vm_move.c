/* VM.pool_migrate, in a pool of one host: to where the VM runs already; and what a balancer would
 * advise. */
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/platform.h"

/* As in 6.2, moving a VM to its own host is no error, and nothing is left to do. */
bool vm_pool_migrate(Call *call, const VmPoolMigrateArgs *args, Err **err)
{
    return host_ref_equal(args->host, db_vm_resident_on(call_view(call), args->vm)) ||
           err_handle_invalid(err, "host", REF_TEXT(args->host.id));
}

bool vm_retrieve_wlb_recommendations(Call *call, const VmRetrieveWlbRecommendationsArgs *args,
                                     Value **ret_result, Err **err)
{
    (void)call;
    (void)args;
    (void)ret_result;
    return err_wlb_not_initialized(err);
}
