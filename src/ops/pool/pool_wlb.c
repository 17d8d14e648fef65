/* Workload balancing is the one feature of 6.2 that this product goes without: no balancer can be
 * set up, and that is what these messages answer. */
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "gen/ops_pool.h"
#include "ops/host/host_here.h"

bool pool_initialize_wlb(Call *call, const PoolInitializeWlbArgs *args, Err **err)
{
    (void)call;
    (void)args;
    return err_licence_restriction(err, "WLB");
}

bool pool_deconfigure_wlb(Call *call, Err **err)
{
    (void)call;
    return err_wlb_not_initialized(err);
}

bool pool_send_wlb_configuration(Call *call, const PoolSendWlbConfigurationArgs *args, Err **err)
{
    (void)call;
    (void)args;
    return err_wlb_not_initialized(err);
}

bool pool_retrieve_wlb_configuration(Call *call, Value **ret_result, Err **err)
{
    (void)call;
    (void)ret_result;
    return err_wlb_not_initialized(err);
}

bool pool_retrieve_wlb_recommendations(Call *call, Value **ret_result, Err **err)
{
    (void)call;
    (void)ret_result;
    return err_wlb_not_initialized(err);
}

bool host_retrieve_wlb_evacuate_recommendations(
    Call *call, const HostRetrieveWlbEvacuateRecommendationsArgs *args, Value **ret_result,
    Err **err)
{
    (void)ret_result;
    return host_here_check(call, args->self, err) && err_wlb_not_initialized(err);
}
