/* Recovery from a disaster begins with SRs whose drivers find the databases in them; no driver here
 * does. */
#include "gen/errors.h"
#include "gen/ops_dr_task.h"

bool dr_task_create(Call *call, const DrTaskCreateArgs *args, DrTaskRef *ret_result, Err **err)
{
    (void)call;
    (void)ret_result;
    g_autofree char *text =
        g_strdup_printf("Disaster recovery not supported on SRs of type %s", args->type);
    return err_operation_not_allowed(err, text);
}
