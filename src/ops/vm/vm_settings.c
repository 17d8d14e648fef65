/* Fields of a VM whose values are looked at before they are written, or that come in pairs. */
#include "base/text.h"
#include "gen/db_vm.h"
#include "gen/db_vm_appliance.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/vm/vm_check.h"

static bool check_not_negative(const Value *number, const char *what, Err **err);

bool vm_change_start_delay(Call *call, VmRef self, const Value *new_value, Err **err)
{
    (void)call;
    (void)self;
    return check_not_negative(new_value, "start_delay", err);
}

bool vm_change_shutdown_delay(Call *call, VmRef self, const Value *new_value, Err **err)
{
    (void)call;
    (void)self;
    return check_not_negative(new_value, "shutdown_delay", err);
}

bool vm_change_order(Call *call, VmRef self, const Value *new_value, Err **err)
{
    (void)call;
    (void)self;
    return check_not_negative(new_value, "order", err);
}

bool vm_change_appliance(Call *call, VmRef self, const Value *new_value, Err **err)
{
    const DbView *view = call_view(call);
    VmApplianceRef appliance = {value_uuid(new_value)};
    if (db_vm_is_control_domain(view, self) || db_vm_is_a_template(view, self) ||
        db_vm_is_a_snapshot(view, self)) {
        return err_operation_not_allowed(
            err, "Control domains, templates and snapshots cannot be part of an appliance.");
    }
    return vm_appliance_ref_is_null(appliance) || db_vm_appliance_exists(view, appliance) ||
           err_handle_invalid(err, "VM_appliance", REF_TEXT(appliance.id));
}

bool vm_change_hvm_shadow_multiplier(Call *call, VmRef self, const Value *new_value, Err **err)
{
    (void)call;
    (void)self;
    if (value_float(new_value) >= 1.0) {
        return true;
    }
    g_autofree char *text = g_strdup_printf("%g", value_float(new_value));
    return err_invalid_value(err, "multiplier", text);
}

/* domain_type and HVM_boot_policy say the same, for newer and for older clients; only the former
 * knows of PVH, which the latter leaves alone therefore. */
bool vm_change_domain_type(Call *call, VmRef self, const Value *new_value, Err **err)
{
    const char *type = value_string(new_value);
    if (strcmp(type, "unspecified") == 0) {
        return err_invalid_value(err, "domain_type", type);
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_hvm_boot_policy(txn, self, strcmp(type, "hvm") == 0 ? VM_CHECK_BOOT_POLICY_HVM : "");
    db_commit_async(txn);
    return true;
}

bool vm_change_hvm_boot_policy(Call *call, VmRef self, const Value *new_value, Err **err)
{
    (void)err;
    bool is_hvm = *value_string(new_value) != '\0';
    bool is_pvh = db_vm_domain_type(call_view(call), self) == DOMAIN_TYPE_PVH;
    DbTxn *txn = db_begin(call->db);
    db_vm_set_domain_type(txn, self,
                          is_hvm   ? DOMAIN_TYPE_HVM
                          : is_pvh ? DOMAIN_TYPE_PVH
                                   : DOMAIN_TYPE_PV);
    db_commit_async(txn);
    return true;
}

static bool check_not_negative(const Value *number, const char *what, Err **err)
{
    char text[TEXT_INT_SIZE];
    return value_int(number) >= 0 ||
           err_invalid_value(err, what, text_format_int(value_int(number), text));
}
