/* The messages about data sources, alike for VMs, hosts and repositories. A VM is measured while it
 * runs, and so is the host's own system, which always does. */
#include "gen/db_host.h"
#include "gen/db_sr.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "gen/ops_sr.h"
#include "gen/ops_vm.h"
#include "ops/host/host_here.h"
#include "ops/metrics/metrics.h"

static Metrics *metrics_of(Call *call);
static bool check_vm(Call *call, VmRef vm, Err **err);

bool vm_get_data_sources(Call *call, const VmGetDataSourcesArgs *args, Value **ret_result,
                         Err **err)
{
    (void)err;
    *ret_result = metrics_sources(metrics_of(call), db_vm_uuid(call_view(call), args->self));
    return true;
}

bool vm_record_data_source(Call *call, const VmRecordDataSourceArgs *args, Err **err)
{
    return metrics_record(metrics_of(call), db_vm_uuid(call_view(call), args->self),
                          args->data_source, err);
}

/* No operation: it may be asked while others run. */
bool vm_query_data_source(Call *call, const VmQueryDataSourceArgs *args, double *ret_result,
                          Err **err)
{
    return check_vm(call, args->self, err) &&
           metrics_query(metrics_of(call), db_vm_uuid(call_view(call), args->self),
                         args->data_source, ret_result, err);
}

bool vm_forget_data_source_archives(Call *call, const VmForgetDataSourceArchivesArgs *args,
                                    Err **err)
{
    return metrics_forget(metrics_of(call), db_vm_uuid(call_view(call), args->self),
                          args->data_source, err);
}

bool host_get_data_sources(Call *call, const HostGetDataSourcesArgs *args, Value **ret_result,
                           Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    *ret_result = metrics_sources(metrics_of(call), db_host_uuid(call_view(call), args->host));
    return true;
}

bool host_record_data_source(Call *call, const HostRecordDataSourceArgs *args, Err **err)
{
    return host_here_check(call, args->host, err) &&
           metrics_record(metrics_of(call), db_host_uuid(call_view(call), args->host),
                          args->data_source, err);
}

bool host_query_data_source(Call *call, const HostQueryDataSourceArgs *args, double *ret_result,
                            Err **err)
{
    return host_here_check(call, args->host, err) &&
           metrics_query(metrics_of(call), db_host_uuid(call_view(call), args->host),
                         args->data_source, ret_result, err);
}

bool host_forget_data_source_archives(Call *call, const HostForgetDataSourceArchivesArgs *args,
                                      Err **err)
{
    return host_here_check(call, args->host, err) &&
           metrics_forget(metrics_of(call), db_host_uuid(call_view(call), args->host),
                          args->data_source, err);
}

bool host_backup_rrds(Call *call, const HostBackupRrdsArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    metrics_save_later(metrics_of(call), args->delay);
    return true;
}

bool sr_get_data_sources(Call *call, const SrGetDataSourcesArgs *args, Value **ret_result,
                         Err **err)
{
    (void)err;
    *ret_result = metrics_sources(metrics_of(call), db_sr_uuid(call_view(call), args->sr));
    return true;
}

bool sr_record_data_source(Call *call, const SrRecordDataSourceArgs *args, Err **err)
{
    return metrics_record(metrics_of(call), db_sr_uuid(call_view(call), args->sr),
                          args->data_source, err);
}

bool sr_query_data_source(Call *call, const SrQueryDataSourceArgs *args, double *ret_result,
                          Err **err)
{
    return metrics_query(metrics_of(call), db_sr_uuid(call_view(call), args->sr), args->data_source,
                         ret_result, err);
}

bool sr_forget_data_source_archives(Call *call, const SrForgetDataSourceArchivesArgs *args,
                                    Err **err)
{
    return metrics_forget(metrics_of(call), db_sr_uuid(call_view(call), args->sr),
                          args->data_source, err);
}

static Metrics *metrics_of(Call *call)
{
    return platform_metrics(call_platform(call));
}

static bool check_vm(Call *call, VmRef vm, Err **err)
{
    VmPowerState state = db_vm_power_state(call_view(call), vm);
    if (state == VM_POWER_STATE_RUNNING || state == VM_POWER_STATE_PAUSED) {
        return true;
    }
    g_autofree char *actual = g_ascii_strdown(vm_power_state_to_string(state), -1);
    return err_vm_bad_power_state(err, REF_TEXT(vm.id), "running", actual);
}
