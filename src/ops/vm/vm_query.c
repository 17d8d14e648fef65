/* Questions about a VM that change nothing, and VM.power_state_reset. */
#include "core/oplock.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/vbd/vbd_device.h"
#include "ops/vif/vif_device.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_check.h"
#include "ops/vm/vm_state.h"

bool vm_get_allowed_vbd_devices(Call *call, const VmGetAllowedVbdDevicesArgs *args,
                                Value **ret_result, Err **err)
{
    (void)err;
    *ret_result = vbd_device_free_list(call_view(call), args->vm);
    return true;
}

bool vm_get_allowed_vif_devices(Call *call, const VmGetAllowedVifDevicesArgs *args,
                                Value **ret_result, Err **err)
{
    (void)err;
    *ret_result = vif_device_free_list(call_view(call), args->vm);
    return true;
}

bool vm_get_possible_hosts(Call *call, const VmGetPossibleHostsArgs *args, Value **ret_result,
                           Err **err)
{
    (void)err;
    Value *hosts = value_new_array(1);
    if (vm_check_can_boot(call, args->vm, false, NULL)) {
        value_array_add(hosts, value_new_ref(platform_host(call_platform(call)).id));
    }
    *ret_result = hosts;
    return true;
}

bool vm_assert_can_boot_here(Call *call, const VmAssertCanBootHereArgs *args, Err **err)
{
    if (!host_ref_equal(args->host, platform_host(call_platform(call)))) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    return vm_check_can_boot(call, args->self, false, err);
}

bool vm_assert_operation_valid(Call *call, const VmAssertOperationValidArgs *args, Err **err)
{
    return oplock_check(call_view(call), CLASS_VM, args->self.id, vm_operations_to_string(args->op),
                        err);
}

/* They are worked out whenever they are read; there is nothing to bring up to date. */
bool vm_update_allowed_operations(Call *call, const VmUpdateAllowedOperationsArgs *args, Err **err)
{
    return db_vm_exists(call_view(call), args->self) ||
           err_handle_invalid(err, "VM", REF_TEXT(args->self.id));
}

/* Believes the caller that nothing runs, unless the engine knows better. */
bool vm_power_state_reset(Call *call, const VmPowerStateResetArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    HvDomainInfo info;
    if (db_vm_is_control_domain(view, args->vm)) {
        return err_cannot_reset_control_domain(err, REF_TEXT(args->vm.id));
    }
    if (!platform_hv_driver(platform)->domain_info(platform_hv(platform),
                                                   vm_domain_uuid(view, args->vm), &info, err)) {
        return false;
    }
    if (info.state != HV_STATE_GONE) {
        g_autofree char *domid = g_strdup_printf("%d", info.domid);
        return err_domain_exists(err, REF_TEXT(args->vm.id), domid);
    }
    DbTxn *txn = db_begin(call->db);
    vm_state_set_halted(txn, args->vm);
    return db_commit(txn, err);
}
