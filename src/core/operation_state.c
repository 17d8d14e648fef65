/* One bit for each object, in the words of its class; see gen/operations.h.  Of an appliance, one
 * for each power state that a VM of it has. */
#include "core/operation_state.h"

#include "gen/db_host.h"
#include "gen/db_host_metrics.h"
#include "gen/db_pbd.h"
#include "gen/db_sr.h"
#include "gen/db_vm.h"
#include "gen/db_vm_appliance.h"
#include "gen/errors.h"
#include "gen/operations.h"

static bool is_attached(const DbObject *object, uint16_t field_id);
static unsigned sr_state(const DbView *view, SrRef sr);
static unsigned vdi_state(const DbView *view, const DbObject *vdi);
static unsigned host_state(const DbView *view, HostRef host);
static unsigned appliance_states(const DbView *view, VmApplianceRef appliance);
static bool refuse_vm(const DbView *view, unsigned states, VmRef vm, Err **err);
static bool refuse(uint16_t class_id, unsigned state, const char *op, const char *ref, Err **err);
static bool refuse_appliance(unsigned states, const char *op, Err **err);

unsigned operation_state_of(const DbView *view, const DbObject *object)
{
    Uuid ref = db_object_ref_id(object);
    switch (db_object_class(object)) {
    case CLASS_VM:
        return 1u << vm_power_state_from_value(db_object_get(object, VM_FIELD_POWER_STATE));
    case CLASS_VBD:
        return is_attached(object, VBD_FIELD_CURRENTLY_ATTACHED) ? VBD_WHEN_ATTACHED
                                                                 : VBD_WHEN_DETACHED;
    case CLASS_VIF:
        return is_attached(object, VIF_FIELD_CURRENTLY_ATTACHED) ? VIF_WHEN_ATTACHED
                                                                 : VIF_WHEN_DETACHED;
    case CLASS_PBD:
        return is_attached(object, PBD_FIELD_CURRENTLY_ATTACHED) ? OPERATION_ATTACHED
                                                                 : OPERATION_DETACHED;
    case CLASS_SR:
        return sr_state(view, (SrRef){ref});
    case CLASS_VDI:
        return vdi_state(view, object);
    case CLASS_HOST:
        return host_state(view, (HostRef){ref});
    case CLASS_TASK:
        return task_status_type_from_value(db_object_get(object, TASK_FIELD_STATUS)) ==
                       TASK_STATUS_TYPE_PENDING
                   ? TASK_WHEN_PENDING
                   : TASK_WHEN_COMPLETED;
    case CLASS_VM_APPLIANCE:
        return appliance_states(view, (VmApplianceRef){ref});
    }
    return 0;
}

bool operation_state_check(const OperationSubject *subject, const OperationRule *rule, Err **err)
{
    unsigned states = rule->states;
    if (states == 0) {
        return true;
    }
    states |= subject->is_snapshot ? rule->snapshot_states : 0;
    states |= subject->is_control_domain ? rule->control_domain_states : 0;
    if (states & subject->state) {
        return true;
    }
    if (!err) {
        return false;
    }
    return rule->class_id == CLASS_VM
               ? refuse_vm(subject->view, states, (VmRef){subject->ref}, err)
               : refuse(rule->class_id, subject->state, rule->op, REF_TEXT(subject->ref), err);
}

static bool is_attached(const DbObject *object, uint16_t field_id)
{
    return value_bool(db_object_get(object, field_id));
}

static unsigned sr_state(const DbView *view, SrRef sr)
{
    unsigned pbds = db_sr_pbds_count(view, sr);
    for (unsigned i = 0; i < pbds; i++) {
        if (db_pbd_currently_attached(view, db_sr_pbds_at(view, sr, i))) {
            return SR_WHEN_PLUGGED;
        }
    }
    return pbds > 0 ? SR_WHEN_UNPLUGGED : SR_WHEN_NO_PBDS;
}

static unsigned vdi_state(const DbView *view, const DbObject *vdi)
{
    unsigned state = VDI_WHEN_UNATTACHED;
    const Value *vbds = db_object_get(vdi, VDI_FIELD_VBDS);
    for (unsigned i = 0; i < value_count(vbds); i++) {
        const DbObject *vbd = db_find(view, CLASS_VBD, value_uuid(value_at(vbds, i)));
        if (vbd && is_attached(vbd, VBD_FIELD_CURRENTLY_ATTACHED)) {
            if (vbd_mode_from_value(db_object_get(vbd, VBD_FIELD_MODE)) == VBD_MODE_RW) {
                return VDI_WHEN_READ_WRITE;
            }
            state = VDI_WHEN_READ_ONLY;
        }
    }
    return state;
}

static unsigned host_state(const DbView *view, HostRef host)
{
    if (!db_host_metrics_live(view, db_host_metrics(view, host))) {
        return HOST_WHEN_DEAD;
    }
    return db_host_enabled(view, host) ? HOST_WHEN_ENABLED : HOST_WHEN_DISABLED;
}

static unsigned appliance_states(const DbView *view, VmApplianceRef appliance)
{
    static const unsigned bits[VM_POWER_STATE_COUNT] = {
        [VM_POWER_STATE_HALTED] = VM_APPLIANCE_WHEN_HALTED,
        [VM_POWER_STATE_PAUSED] = VM_APPLIANCE_WHEN_PAUSED,
        [VM_POWER_STATE_RUNNING] = VM_APPLIANCE_WHEN_RUNNING,
        [VM_POWER_STATE_SUSPENDED] = VM_APPLIANCE_WHEN_SUSPENDED,
    };
    unsigned states = 0;
    for (unsigned i = 0; i < db_vm_appliance_vms_count(view, appliance); i++) {
        states |= bits[db_vm_power_state(view, db_vm_appliance_vms_at(view, appliance, i))];
    }
    return states;
}

static bool refuse_vm(const DbView *view, unsigned states, VmRef vm, Err **err)
{
    g_autoptr(GString) expected = g_string_new(NULL);
    for (int power = 0; power < VM_POWER_STATE_COUNT; power++) {
        if (states & (1u << power)) {
            g_string_append_printf(expected, "%s%s", expected->len ? ", " : "",
                                   vm_power_state_to_string(power));
        }
    }
    g_string_ascii_down(expected);
    g_autofree char *actual =
        g_ascii_strdown(vm_power_state_to_string(db_vm_power_state(view, vm)), -1);
    return err_vm_bad_power_state(err, REF_TEXT(vm.id), expected->str, actual);
}

static bool refuse(uint16_t class_id, unsigned state, const char *op, const char *ref, Err **err)
{
    switch (class_id) {
    case CLASS_VBD:
    case CLASS_VIF:
        return state == VBD_WHEN_ATTACHED ? err_device_already_attached(err, ref)
                                          : err_device_already_detached(err, ref);
    case CLASS_PBD:
        return err_operation_not_allowed(err, state == OPERATION_ATTACHED
                                                  ? "PBD is currently attached"
                                                  : "PBD is not currently attached");
    case CLASS_SR:
        return state == SR_WHEN_PLUGGED ? err_sr_has_pbd(err, ref) : err_sr_has_no_pbds(err, ref);
    case CLASS_VDI:
        return err_vdi_in_use(err, ref, op);
    case CLASS_HOST:
        if (strcmp(op, "power_on") == 0) {
            return err_host_is_live(err, ref);
        }
        return state == HOST_WHEN_ENABLED    ? err_host_not_disabled(err)
               : state == HOST_WHEN_DISABLED ? err_host_disabled(err, ref)
                                             : err_host_not_live(err);
    case CLASS_VM_APPLIANCE:
        return refuse_appliance(state, op, err);
    }
    return err_operation_not_allowed(err, op);
}

static bool refuse_appliance(unsigned states, const char *op, Err **err)
{
    return err_operation_not_allowed(
        err, states == 0                         ? "Appliance has no VMs."
             : strcmp(op, "start") == 0          ? "There are no halted VMs in this appliance."
             : strcmp(op, "clean_shutdown") == 0 ? "There are no running VMs in this appliance."
                                                 : "All VMs in this appliance are halted.");
}
