/* Settings of the host that need a check before they are written. */
#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

bool host_change_sr(Call *call, HostRef self, const Value *new_value, Err **err)
{
    (void)self;
    SrRef sr = {value_uuid(new_value)};
    return sr_ref_is_null(sr) || db_sr_exists(call_view(call), sr) ||
           err_handle_invalid(err, "SR", REF_TEXT(sr.id));
}

/* There is one edition, which the host has already. */
bool host_apply_edition(Call *call, const HostApplyEditionArgs *args, Err **err)
{
    return host_here_check(call, args->host, err) &&
           (text_equal(args->edition, db_host_edition(call_view(call), args->host)) ||
            err_invalid_edition(err, args->edition));
}

/* Nothing needs a licence, so there is no file that would be one. */
bool host_license_add(Call *call, const HostLicenseAddArgs *args, Err **err)
{
    return host_here_check(call, args->host, err) && err_license_processing_error(err);
}

bool host_license_remove(Call *call, const HostLicenseRemoveArgs *args, Err **err)
{
    return host_here_check(call, args->host, err);
}

/* Nothing older than TLS 1.2 is spoken. */
bool host_set_ssl_legacy(Call *call, const HostSetSslLegacyArgs *args, Err **err)
{
    return host_here_check(call, args->self, err) &&
           (!args->value ||
            err_value_not_supported(err, "value", "true", "Nothing older than TLS 1.2 is spoken"));
}

/* Guests are processes, and the kernel gives each thread of theirs a CPU of its own choice. */
bool host_get_sched_gran(Call *call, const HostGetSchedGranArgs *args, HostSchedGran *ret_result,
                         Err **err)
{
    if (!host_here_check(call, args->self, err)) {
        return false;
    }
    *ret_result = HOST_SCHED_GRAN_CPU;
    return true;
}

bool host_set_sched_gran(Call *call, const HostSetSchedGranArgs *args, Err **err)
{
    return host_here_check(call, args->self, err) &&
           (args->value == HOST_SCHED_GRAN_CPU ||
            err_operation_not_allowed(err, "The engine of this host schedules single CPUs"));
}
