/* One function for each need, one table that says which flag stands for which.
 *
 * The needs for a guest's cooperation (shutdown, reboot, suspend, vCPU hot-plug) hold for every
 * guest here: engines press the virtual power button where no agent listens, and save memory
 * without the guest's help.  A guest that does not react runs into the operation's time-out. */
#include "core/operation_needs.h"

#include "base/text.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/db_vm_guest_metrics.h"
#include "gen/errors.h"

/* `err` may be NULL: then nobody wants to know why not. */
typedef bool (*NeedCheck)(const OperationSubject *subject, Err **err);

static bool is_capable(OperationSubject *subject, const OperationRule *rule);
static const DbObject *find_driver(const DbView *view, Uuid sr);
static bool is_met(OperationSubject *subject, unsigned flag, NeedCheck check, Err **err);
static Uuid vm_of(const OperationSubject *subject);
static bool platform_says(const OperationSubject *subject, const char *key);
static bool need_running_vm(const OperationSubject *subject, Err **err);
static bool need_steady_vm(const OperationSubject *subject, Err **err);
static bool need_mobile(const OperationSubject *subject, Err **err);
static bool need_kept_disks(const OperationSubject *subject, Err **err);
static bool need_no_passthrough(const OperationSubject *subject, Err **err);
static bool need_no_nested_virt(const OperationSubject *subject, Err **err);
static bool need_no_appliance(const OperationSubject *subject, Err **err);
static bool need_quiesce(const OperationSubject *subject, Err **err);
static bool need_system_domain(const OperationSubject *subject, Err **err);
static bool need_removable(const OperationSubject *subject, Err **err);
static bool need_empty(const OperationSubject *subject, Err **err);
static bool need_medium(const OperationSubject *subject, Err **err);
static bool need_unpluggable(const OperationSubject *subject, Err **err);
static bool need_no_cbt(const OperationSubject *subject, Err **err);
static bool need_cbt(const OperationSubject *subject, Err **err);
static bool need_no_vdis(const OperationSubject *subject, Err **err);

/* In the order in which their errors come. */
static const struct {
    unsigned flag;
    NeedCheck check;
} needs[] = {
    {OPERATION_NEEDS_RUNNING_VM, need_running_vm},
    {OPERATION_NEEDS_STEADY_VM, need_steady_vm},
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

unsigned operation_needs_none(void)
{
    unsigned all = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(needs); i++) {
        all |= needs[i].flag;
    }
    return ~all;
}

bool operation_needs_check(OperationSubject *subject, const OperationRule *rule, Err **err)
{
    if (rule->capability && !is_capable(subject, rule)) {
        return err_sr_operation_not_supported(err, REF_TEXT(subject->sr));
    }
    unsigned asked = rule->flags & ~subject->needs_met;
    for (size_t i = 0; asked && i < G_N_ELEMENTS(needs); i++) {
        if ((asked & needs[i].flag) && !is_met(subject, needs[i].flag, needs[i].check, err)) {
            return false;
        }
    }
    return true;
}

/* Whether the driver of the object's SR has the feature the rule names. */
static bool is_capable(OperationSubject *subject, const OperationRule *rule)
{
    const OperationClass *of = &operation_classes[subject->class_id];
    Uuid sr = subject->class_id == CLASS_VDI
                  ? value_uuid(db_object_get(subject->object, VDI_FIELD_SR))
                  : subject->ref;
    if (uuid_is_null(subject->sr) || !uuid_equal(subject->sr, sr)) {
        const DbObject *driver = find_driver(subject->view, sr);
        const Value *features = driver ? db_object_get(driver, SM_FIELD_FEATURES) : NULL;
        g_assert(of->rule_count <= OPERATION_MAX_RULES);
        subject->sr = sr;
        subject->capable = 0;
        for (unsigned i = 0; i < of->rule_count; i++) {
            const char *capability = of->rules[i].capability;
            bool has_it = capability && value_get(features, capability);
            subject->capable |= has_it ? UINT64_C(1) << i : 0;
        }
    }
    return subject->capable & UINT64_C(1) << (rule - of->rules);
}

typedef struct DriverSearch {
    const char *type;
    const DbObject *found;
} DriverSearch;

static bool match_driver(const DbObject *sm, void *user)
{
    DriverSearch *search = user;
    if (text_equal(value_string(db_object_get(sm, SM_FIELD_TYPE)), search->type)) {
        search->found = sm;
    }
    return !search->found;
}

/* The SM of the SR's type; NULL: none. */
static const DbObject *find_driver(const DbView *view, Uuid sr)
{
    DriverSearch search = {.type = db_sr_type(view, (SrRef){sr})};
    db_each(view, CLASS_SM, match_driver, &search);
    return search.found;
}

/* A need is looked at once, and again only for its error. */
static bool is_met(OperationSubject *subject, unsigned flag, NeedCheck check, Err **err)
{
    if (!err && (subject->needs_lacking & flag)) {
        return false;
    }
    bool holds = check(subject, err);
    *(holds ? &subject->needs_met : &subject->needs_lacking) |= flag;
    return holds;
}

/* Of a VBD or VIF. */
static Uuid vm_of(const OperationSubject *subject)
{
    return value_uuid(db_object_get(subject->object,
                                    subject->class_id == CLASS_VBD ? VBD_FIELD_VM : VIF_FIELD_VM));
}

static bool platform_says(const OperationSubject *subject, const char *key)
{
    const char *text = value_get_string(db_object_get(subject->object, VM_FIELD_PLATFORM), key);
    bool truth;
    return text && text_parse_bool(text, &truth) && truth;
}

static bool need_running_vm(const OperationSubject *subject, Err **err)
{
    VmRef vm = {vm_of(subject)};
    VmPowerState state = db_vm_power_state(subject->view, vm);
    if (state == VM_POWER_STATE_RUNNING || state == VM_POWER_STATE_PAUSED) {
        return true;
    }
    if (!err) {
        return false;
    }
    g_autofree char *actual = g_ascii_strdown(vm_power_state_to_string(state), -1);
    return err_vm_bad_power_state(err, REF_TEXT(vm.id), "running", actual);
}

/* The counterpart for operations that begin on the VM is in operation_check.c. */
static bool need_steady_vm(const OperationSubject *subject, Err **err)
{
    VmRef vm = {vm_of(subject)};
    const DbObject *busy =
        db_find_sparse(subject->view, CLASS_VM, vm.id, VM_FIELD_CURRENT_OPERATIONS);
    const Value *current = busy ? db_object_get(busy, VM_FIELD_CURRENT_OPERATIONS) : NULL;
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

static bool need_mobile(const OperationSubject *subject, Err **err)
{
    bool fixed = platform_says(subject, "nomigrate") || platform_says(subject, "nested-virt");
    return !fixed || err_vm_is_immobile(err, REF_TEXT(subject->ref));
}

static bool need_kept_disks(const OperationSubject *subject, Err **err)
{
    const DbView *view = subject->view;
    if (db_count_sparse(view, CLASS_VDI, VDI_FIELD_ON_BOOT) == 0) {
        return true;
    }
    const Value *vbds = db_object_get(subject->object, VM_FIELD_VBDS);
    for (unsigned i = 0; i < value_count(vbds); i++) {
        VdiRef vdi = db_vbd_vdi(view, (VbdRef){value_uuid(value_at(vbds, i))});
        const DbObject *disk = db_find_sparse(view, CLASS_VDI, vdi.id, VDI_FIELD_ON_BOOT);
        if (disk && on_boot_from_value(db_object_get(disk, VDI_FIELD_ON_BOOT)) == ON_BOOT_RESET) {
            return err_vdi_on_boot_mode_incompatible_with_operation(err);
        }
    }
    return true;
}

static bool need_no_passthrough(const OperationSubject *subject, Err **err)
{
    const DbObject *vm = subject->object;
    if (value_count(db_object_get(vm, VM_FIELD_ATTACHED_PCIS)) > 0) {
        return err_vm_has_pci_attached(err, REF_TEXT(subject->ref));
    }
    if (value_count(db_object_get(vm, VM_FIELD_VGPUS)) > 0) {
        return err_vm_has_vgpu(err, REF_TEXT(subject->ref));
    }
    return value_count(db_object_get(vm, VM_FIELD_VUSBS)) == 0 ||
           err_vm_has_vusbs(err, REF_TEXT(subject->ref));
}

static bool need_no_nested_virt(const OperationSubject *subject, Err **err)
{
    return !platform_says(subject, "nested-virt") ||
           err_vm_is_using_nested_virt(err, REF_TEXT(subject->ref));
}

static bool need_no_appliance(const OperationSubject *subject, Err **err)
{
    Uuid appliance = value_uuid(db_object_get(subject->object, VM_FIELD_APPLIANCE));
    return uuid_is_null(appliance) ||
           err_vm_is_part_of_an_appliance(err, REF_TEXT(subject->ref), REF_TEXT(appliance));
}

static bool need_quiesce(const OperationSubject *subject, Err **err)
{
    VmGuestMetricsRef metrics = {
        value_uuid(db_object_get(subject->object, VM_FIELD_GUEST_METRICS))};
    bool can = db_vm_guest_metrics_other_get(subject->view, metrics, "feature-quiesce") ||
               db_vm_guest_metrics_other_get(subject->view, metrics, "feature-snapshot");
    return can ||
           err_vm_snapshot_with_quiesce_not_supported(
               err, REF_TEXT(subject->ref), "No agent that can quiesce answers in the guest.");
}

static bool need_system_domain(const OperationSubject *subject, Err **err)
{
    const Value *config = db_object_get(subject->object, VM_FIELD_OTHER_CONFIG);
    return text_equal(value_get_string(config, "is_system_domain"), "true") ||
           err_not_system_domain(err, REF_TEXT(subject->ref));
}

static bool need_removable(const OperationSubject *subject, Err **err)
{
    return vbd_type_from_value(db_object_get(subject->object, VBD_FIELD_TYPE)) == VBD_TYPE_CD ||
           err_vbd_not_removable_media(err, REF_TEXT(subject->ref));
}

static bool need_empty(const OperationSubject *subject, Err **err)
{
    return value_bool(db_object_get(subject->object, VBD_FIELD_EMPTY)) ||
           err_vbd_not_empty(err, REF_TEXT(subject->ref));
}

static bool need_medium(const OperationSubject *subject, Err **err)
{
    return !value_bool(db_object_get(subject->object, VBD_FIELD_EMPTY)) ||
           err_vbd_is_empty(err, REF_TEXT(subject->ref));
}

static bool need_unpluggable(const OperationSubject *subject, Err **err)
{
    return value_bool(db_object_get(subject->object, VBD_FIELD_UNPLUGGABLE)) ||
           err_vbd_not_unpluggable(err, REF_TEXT(subject->ref));
}

static bool need_no_cbt(const OperationSubject *subject, Err **err)
{
    return !value_bool(db_object_get(subject->object, VDI_FIELD_CBT_ENABLED)) ||
           err_vdi_cbt_enabled(err, REF_TEXT(subject->ref));
}

static bool need_cbt(const OperationSubject *subject, Err **err)
{
    return value_bool(db_object_get(subject->object, VDI_FIELD_CBT_ENABLED)) ||
           err_vdi_no_cbt_metadata(err, REF_TEXT(subject->ref));
}

static bool need_no_vdis(const OperationSubject *subject, Err **err)
{
    const Value *vdis = db_object_get(subject->object, SR_FIELD_VDIS);
    for (unsigned i = 0; i < value_count(vdis); i++) {
        if (db_vdi_managed(subject->view, (VdiRef){value_uuid(value_at(vdis, i))})) {
            return err_sr_not_empty(err);
        }
    }
    return true;
}
