/* Settings of the host that need a check before they are written. */
#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops.h"
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
