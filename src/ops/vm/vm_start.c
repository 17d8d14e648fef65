/* VM.start and VM.start_on. */
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/message/alert.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_delay.h"

static bool start(Call *call, VmRef vm, bool paused, bool force, Err **err)
{
    const VmBoot how = {.paused = paused, .force = force};
    if (!vm_boot(call, vm, &how, err)) {
        return false;
    }
    alert_vm(call, vm, "VM_STARTED", ALERT_INFORMATION, "started on host");
    return vm_delay(call, db_vm_start_delay(call_view(call), vm), err);
}

bool vm_start(Call *call, const VmStartArgs *args, Err **err)
{
    return start(call, args->vm, args->start_paused, args->force, err);
}

bool vm_start_on(Call *call, const VmStartOnArgs *args, Err **err)
{
    if (!host_ref_equal(args->host, platform_host(call_platform(call)))) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    return start(call, args->vm, args->start_paused, args->force, err);
}
