/* One function for each need, one table that says which flag stands for which.
 *
 * The needs for a guest's cooperation (shutdown, reboot, suspend, vCPU hot-plug) hold for every
 * guest here: engines press the virtual power button where no agent listens, and save memory
 * without the guest's help.  A guest that does not react runs into the operation's time-out. */
#include "core/operation_needs.h"

#include "base/text.h"
#include "core/operation_check.h"
#include "gen/db_sm.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/db_vm_guest_metrics.h"
#include "gen/errors.h"

typedef bool (*NeedCheck)(const DbView *view, Uuid ref, const char *op, Err **err);

static bool platform_says(const DbView *view, VmRef vm, const char *key);
static bool need_mobile(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_kept_disks(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_no_passthrough(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_no_nested_virt(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_no_appliance(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_quiesce(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_system_domain(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_removable(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_empty(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_medium(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_unpluggable(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_no_cbt(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_cbt(const DbView *view, Uuid ref, const char *op, Err **err);
static bool need_no_vdis(const DbView *view, Uuid ref, const char *op, Err **err);
static VmRef vm_of(const DbView *view, const OperationRule *rule, Uuid ref);
static bool check_running_vm(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);
static bool check_steady_vm(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);
static bool check_capability(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);

static const struct {
    unsigned flag;
    NeedCheck check;
} needs[] = {
    {OPERATION_NEEDS_MOBILE, need_mobile},
    {OPERATION_NEEDS_KEPT_DISKS, need_kept_disks},
    {OPERATION_NEEDS_NO_PASSTHROUGH, need_no_passthrough},
    {OPERATION_NEEDS_NO_NESTED_VIRT, need_no_nested_virt},
    {OPERATION_NEEDS_NO_APPLIANCE, need_no_appliance},
    {OPERATION_NEEDS_QUIESCE, need_quiesce},
    {OPERATION_NEEDS_SYSTEM_DOMAIN, need_system_domain},
    {OPERATION_NEEDS_REMOVABLE, need_removable},
    {OPERATION_NEEDS_EMPTY, need_empty},
    {OPERATION_NEEDS_MEDIUM, need_medium},
    {OPERATION_NEEDS_UNPLUGGABLE, need_unpluggable},
    {OPERATION_NEEDS_NO_CBT, need_no_cbt},
    {OPERATION_NEEDS_CBT, need_cbt},
    {OPERATION_NEEDS_NO_VDIS, need_no_vdis},
};

bool operation_needs_check(const DbView *view, const OperationRule *rule, Uuid ref, Err **err)
{
    if (!check_capability(view, rule, ref, err) || !check_running_vm(view, rule, ref, err) ||
        !check_steady_vm(view, rule, ref, err)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(needs); i++) {
        if ((rule->flags & needs[i].flag) && !needs[i].check(view, ref, rule->op, err)) {
            return false;
        }
    }
    return true;
}

/* The VM of a VBD or VIF. */
static VmRef vm_of(const DbView *view, const OperationRule *rule, Uuid ref)
{
    return rule->class_id == CLASS_VBD ? db_vbd_vm(view, (VbdRef){ref})
                                       : db_vif_vm(view, (VifRef){ref});
}

static bool check_running_vm(const DbView *view, const OperationRule *rule, Uuid ref, Err **err)
{
    if (!(rule->flags & OPERATION_NEEDS_RUNNING_VM)) {
        return true;
    }
    VmRef vm = vm_of(view, rule, ref);
    VmPowerState state = db_vm_power_state(view, vm);
    if (state == VM_POWER_STATE_RUNNING || state == VM_POWER_STATE_PAUSED) {
        return true;
    }
    g_autofree char *actual = g_ascii_strdown(vm_power_state_to_string(state), -1);
    return err_vm_bad_power_state(err, REF_TEXT(vm.id), "running", actual);
}

/* The counterpart for operations that begin on the VM is in operation_check.c. */
static bool check_steady_vm(const DbView *view, const OperationRule *rule, Uuid ref, Err **err)
{
    if (!(rule->flags & OPERATION_NEEDS_STEADY_VM)) {
        return true;
    }
    VmRef vm = vm_of(view, rule, ref);
    const Value *current = db_vm_current_operations(view, vm);
    for (unsigned i = 0; i < value_count(current); i++) {
        const char *op = value_string(value_at(current, i));
        const OperationRule *other = operation_find_rule(CLASS_VM, op);
        if (other && !(other->flags & OPERATION_STEADY)) {
            return err_other_operation_in_progress(err, "VM", REF_TEXT(vm.id), op,
                                                   value_name_at(current, i));
        }
    }
    return true;
}

/* Whether the driver of the object's SR has the feature the rule names. */
static bool check_capability(const DbView *view, const OperationRule *rule, Uuid ref, Err **err)
{
    if (!rule->capability) {
        return true;
    }
    SrRef sr = rule->class_id == CLASS_VDI ? db_vdi_sr(view, (VdiRef){ref}) : (SrRef){ref};
    const char *type = db_sr_type(view, sr);
    g_autoptr(GArray) managers = db_sm_all(view);
    for (guint i = 0; i < managers->len; i++) {
        SmRef manager = g_array_index(managers, SmRef, i);
        if (strcmp(db_sm_type(view, manager), type) == 0 &&
            value_get(db_sm_features(view, manager), rule->capability)) {
            return true;
        }
    }
    return err_sr_operation_not_supported(err, REF_TEXT(sr.id));
}

static bool platform_says(const DbView *view, VmRef vm, const char *key)
{
    const char *text = db_vm_platform_get(view, vm, key);
    bool truth;
    return text && text_parse_bool(text, &truth) && truth;
}

static bool need_mobile(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    VmRef vm = {ref};
    bool fixed = platform_says(view, vm, "nomigrate") || platform_says(view, vm, "nested-virt");
    return !fixed || err_vm_is_immobile(err, REF_TEXT(ref));
}

static bool need_kept_disks(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    VmRef vm = {ref};
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        VdiRef vdi = db_vbd_vdi(view, db_vm_vbds_at(view, vm, i));
        if (db_vdi_exists(view, vdi) && db_vdi_on_boot(view, vdi) == ON_BOOT_RESET) {
            return err_vdi_on_boot_mode_incompatible_with_operation(err);
        }
    }
    return true;
}

static bool need_no_passthrough(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    VmRef vm = {ref};
    if (db_vm_attached_pcis_count(view, vm) > 0) {
        return err_vm_has_pci_attached(err, REF_TEXT(ref));
    }
    if (db_vm_vgpus_count(view, vm) > 0) {
        return err_vm_has_vgpu(err, REF_TEXT(ref));
    }
    return db_vm_vusbs_count(view, vm) == 0 || err_vm_has_vusbs(err, REF_TEXT(ref));
}

static bool need_no_nested_virt(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    return !platform_says(view, (VmRef){ref}, "nested-virt") ||
           err_vm_is_using_nested_virt(err, REF_TEXT(ref));
}

static bool need_no_appliance(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    VmApplianceRef appliance = db_vm_appliance(view, (VmRef){ref});
    return vm_appliance_ref_is_null(appliance) ||
           err_vm_is_part_of_an_appliance(err, REF_TEXT(ref), REF_TEXT(appliance.id));
}

static bool need_quiesce(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    VmGuestMetricsRef metrics = db_vm_guest_metrics(view, (VmRef){ref});
    bool can = db_vm_guest_metrics_exists(view, metrics) &&
               (db_vm_guest_metrics_other_get(view, metrics, "feature-quiesce") ||
                db_vm_guest_metrics_other_get(view, metrics, "feature-snapshot"));
    return can || err_vm_snapshot_with_quiesce_not_supported(
                      err, REF_TEXT(ref), "No agent that can quiesce answers in the guest.");
}

static bool need_system_domain(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    return text_equal(db_vm_other_config_get(view, (VmRef){ref}, "is_system_domain"), "true") ||
           err_not_system_domain(err, REF_TEXT(ref));
}

static bool need_removable(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    return db_vbd_type(view, (VbdRef){ref}) == VBD_TYPE_CD ||
           err_vbd_not_removable_media(err, REF_TEXT(ref));
}

static bool need_empty(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    return db_vbd_empty(view, (VbdRef){ref}) || err_vbd_not_empty(err, REF_TEXT(ref));
}

static bool need_medium(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    return !db_vbd_empty(view, (VbdRef){ref}) || err_vbd_is_empty(err, REF_TEXT(ref));
}

static bool need_unpluggable(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    VbdRef vbd = {ref};
    return db_vbd_unpluggable(view, vbd) || err_vbd_not_unpluggable(err, REF_TEXT(ref));
}

static bool need_no_cbt(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    return !db_vdi_cbt_enabled(view, (VdiRef){ref}) || err_vdi_cbt_enabled(err, REF_TEXT(ref));
}

static bool need_cbt(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    return db_vdi_cbt_enabled(view, (VdiRef){ref}) || err_vdi_no_cbt_metadata(err, REF_TEXT(ref));
}

static bool need_no_vdis(const DbView *view, Uuid ref, const char *op, Err **err)
{
    (void)op;
    SrRef sr = {ref};
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        if (db_vdi_managed(view, db_sr_vdis_at(view, sr, i))) {
            return err_sr_not_empty(err);
        }
    }
    return true;
}
