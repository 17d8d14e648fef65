/* console.create and destroy.  The daemon makes a console for each way to look at a VM that runs
 * and removes it when the VM ends; one made by a client would have nothing behind it. */
#include "gen/errors.h"
#include "gen/ops_console.h"
#include "gen/schema.h"

bool console_create(Call *call, const ConsoleCreateArgs *args, ConsoleRef *ret_result, Err **err)
{
    (void)call;
    (void)args;
    (void)ret_result;
    return err_operation_not_allowed(err, "Consoles come with the VMs that run");
}

bool console_destroy(Call *call, const ConsoleDestroyArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    if (!db_find(view, CLASS_CONSOLE, args->self.id)) {
        return err_handle_invalid(err, "console", REF_TEXT(args->self.id));
    }
    return err_operation_not_allowed(err, "Consoles go with the VMs that end");
}
