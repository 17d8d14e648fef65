/* The clock of the host. */
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

bool host_get_servertime(Call *call, const HostGetServertimeArgs *args, int64_t *ret_result,
                         Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    *ret_result = g_get_real_time() / USEC_PER_SEC;
    return true;
}

/* What a clock on the wall shows, as if it were UTC: the API has no zones in its times. */
bool host_get_server_localtime(Call *call, const HostGetServerLocaltimeArgs *args,
                               int64_t *ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    *ret_result = g_date_time_to_unix(now) + g_date_time_get_utc_offset(now) / USEC_PER_SEC;
    return true;
}
